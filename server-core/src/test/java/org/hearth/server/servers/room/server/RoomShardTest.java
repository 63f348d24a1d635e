package org.hearth.server.servers.room.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.ReplyTimeoutException;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.check.DatabaseCheck;
import org.hearth.server.servers.room.shard.ShardContexts;
import org.hearth.server.servers.room.shard.Signers;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A shard without a log before it.
final class RoomShardTest {
  private static final UserId OURS = UserId.parse("@dave:hearth.test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private static RoomShard shard(
      Store store, InstantSource clock, Signers signers, Duration patience) {
    return new RoomShard(0, ShardContexts.of(store, RunningRooms.SERVER, clock, signers), patience);
  }

  /// Each sets a state key that the room has not had; so many that the room is healed at the end.
  private static List<Pdu> branches(RoomFixture room, Pdu fork) {
    List<Pdu> branches = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      branches.add(room.state(ALICE, "org.example." + i, "", "{}").after(fork).build());
    }
    return branches;
  }

  private static RoomInput receive(List<Pdu> events) {
    return RunningRooms.command(events, List.of(), Map.of(), Set.of(), Arrival.LIVE);
  }

  @Test
  void buildsOnNothingThatAnErrorHasLeftHalfMade() throws InterruptedException {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
    Pdu join = room.join(OURS).add();
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      rooms.live(room.events());
    }
    List<Pdu> branches = branches(room, join);
    AtomicBoolean broken = new AtomicBoolean(true);
    InstantSource clock =
        () -> {
          if (broken.get()) {
            throw new AssertionError("the event that heals the room asks what time it is");
          }
          return Instant.EPOCH;
        };
    try (Signers signers = Signers.forShards(1)) {
      RoomShard shard = shard(stores.store(), clock, signers, RunningRooms.PATIENCE);

      assertThatThrownBy(() -> shard.handle(receive(branches), Reply.pending()))
          .isInstanceOf(AssertionError.class);
      broken.set(false);
      Reply<RoomReply> reply = Reply.pending();
      shard.handle(receive(branches.subList(20, 21)), reply);

      assertThat(RunningRooms.await(reply)).isInstanceOf(RoomReply.Received.class);
    }
    DatabaseCheck.assertSound(stores.store());
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void doesNotWaitForEverForWhatWasDecidedBefore() throws InterruptedException {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
    Pdu join = room.join(OURS).add();
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      rooms.live(room.events());
    }
    List<Pdu> branches = branches(room, join);
    AtomicBoolean broken = new AtomicBoolean(true);
    InstantSource clock =
        () -> {
          if (broken.get()) {
            throw new AssertionError("the event that heals the room asks what time it is");
          }
          return Instant.EPOCH;
        };
    CountDownLatch released = new CountDownLatch(1);
    try (Signers signers = Signers.forShards(1)) {
      RoomShard shard = shard(stores.store(), clock, signers, Duration.ofMillis(100));
      assertThatThrownBy(() -> shard.handle(receive(branches), Reply.pending()))
          .isInstanceOf(AssertionError.class);
      broken.set(false);
      holdCommitter(released);

      assertThatThrownBy(() -> shard.handle(receive(branches.subList(20, 21)), Reply.pending()))
          .isInstanceOf(ReplyTimeoutException.class);
      released.countDown();
      stores.store().committer().commit("test", List.of(), List.of());
      Reply<RoomReply> reply = Reply.pending();
      shard.handle(receive(branches.subList(20, 21)), reply);

      assertThat(RunningRooms.await(reply)).isInstanceOf(RoomReply.Received.class);
    } finally {
      released.countDown();
    }
    DatabaseCheck.assertSound(stores.store());
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void waitsForWhatWasDecidedBeforeWhenThatTakesMuchMemory() throws InterruptedException {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
    room.join(OURS).add();
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      rooms.live(room.events());
    }
    List<Pdu> large = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      String body = "x".repeat(50_000);
      large.add(room.message(ALICE, "m.room.message", "{\"body\":\"%s\"}".formatted(body)).add());
    }
    RoomInput small = receive(List.of(room.message(ALICE, "m.room.message", "{}").add()));
    CountDownLatch released = new CountDownLatch(1);
    Reply<RoomReply> first = Reply.pending();
    Reply<RoomReply> second = Reply.pending();
    try (Signers signers = Signers.forShards(1)) {
      RoomShard shard =
          shard(stores.store(), InstantSource.system(), signers, Duration.ofMillis(100));
      holdCommitter(released);
      shard.handle(receive(large), first);

      assertThatThrownBy(() -> shard.handle(small, Reply.pending()))
          .isInstanceOf(ReplyTimeoutException.class);
      released.countDown();
      assertThat(RunningRooms.await(first)).isInstanceOf(RoomReply.Received.class);
      shard.handle(small, second);

      assertThat(RunningRooms.await(second)).isInstanceOf(RoomReply.Received.class);
    } finally {
      released.countDown();
    }
    DatabaseCheck.assertSound(stores.store());
  }

  /// The second command comes before the first is committed.
  @Test
  void knowsWhatANewRoomWantsBeforeItIsCommitted() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
    room.message(ALICE, "m.room.message", "{}").add();
    List<Pdu> earlier = List.copyOf(room.events());
    List<Pdu> state = List.copyOf(room.state().values());
    Pdu join = room.join(OURS).add();
    RoomInput joining =
        RunningRooms.command(
            List.of(join),
            state,
            Map.of(join.eventId(), state.stream().map(Pdu::eventId).toList()),
            Set.of(),
            Arrival.LIVE);
    RoomInput history =
        RunningRooms.command(earlier, List.of(), Map.of(), Set.of(), Arrival.HISTORY);
    CountDownLatch released = new CountDownLatch(1);
    Reply<RoomReply> joined = Reply.pending();
    Reply<RoomReply> received = Reply.pending();
    try (Signers signers = Signers.forShards(1)) {
      RoomShard shard =
          shard(stores.store(), InstantSource.system(), signers, RunningRooms.PATIENCE);
      holdCommitter(released);

      shard.handle(joining, joined);
      shard.handle(history, received);
      released.countDown();

      assertThat(RunningRooms.await(joined)).isInstanceOf(RoomReply.Received.class);
      assertThat(RunningRooms.await(received)).isInstanceOf(RoomReply.Received.class);
    } finally {
      released.countDown();
    }
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      assertThat(rooms.queries().missingPrevious(room.roomId())).isEmpty();
      assertThat(rooms.queries().forwardExtremities(room.roomId())).containsExactly(join.eventId());
    }
    DatabaseCheck.assertSound(stores.store());
  }

  /// Holds the committer's thread up in an outcome.
  private void holdCommitter(CountDownLatch released) {
    stores
        .store()
        .committer()
        .submit(
            new UnitOfWork(
                new UnitOwner("holder"),
                List.of(),
                List.of(),
                Outcome.of(
                    _ -> {
                      try {
                        released.await();
                      } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                      }
                    },
                    _ -> {})));
  }
}
