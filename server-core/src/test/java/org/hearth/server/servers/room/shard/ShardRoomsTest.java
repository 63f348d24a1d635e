package org.hearth.server.servers.room.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.RoomInfo;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateKeys;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What a shard forgets of rooms about which something was begun that did not come to be.
class ShardRoomsTest {
  private static final RoomId ROOM = RoomId.parse("!r:hearth.test");
  private static final RoomId OTHER = RoomId.parse("!other:hearth.test");
  private static final StateKey FRESH = new StateKey("org.example", "never committed");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private final StateKeys keys = new StateKeys(List.of());
  private final AtomicBoolean busy = new AtomicBoolean();
  private RoomMemory memory;
  private ShardRooms rooms;

  @BeforeEach
  void makeRooms() {
    memory = RoomMemory.over(stores.store().reads(), RoomServerOptions.standard());
    rooms =
        new ShardRooms(
            memory,
            new StoredTransactions(
                stores.store().reads(),
                new TransactionFilter(stores.store().reads(), new SplittableRandom(1))),
            1 << 20,
            () -> {
              if (busy.get()) {
                throw new StorageException(StorageException.Reason.BUSY, "the ring is full");
              }
            });
  }

  private RoomView room() {
    return room(1, ROOM);
  }

  private RoomView room(long number, RoomId id) {
    return new RoomView(
        new RoomInfo(
            number, id, RoomVersions.of("11").orElseThrow(), UserId.parse("@a:hearth.test"), keys),
        EventRef.at(5, (Membership) null),
        EventRef.at(0, (Membership) null),
        0,
        List.of(),
        StateSnapshot.EMPTY,
        Members.of(keys, StateSnapshot.EMPTY));
  }

  private int numberOfTheFreshKey() {
    Optional<RoomView> found = rooms.find(ROOM);
    return found.map(view -> view.info().keys().number(FRESH)).orElse(StateKeys.UNKNOWN);
  }

  @Test
  void aRoomThatCannotBeForgottenNowIsForgottenBeforeTheNextCommand() {
    rooms.advance(room());
    keys.add(FRESH); // as a decision does that then fails
    rooms.halfDecided(ROOM);

    busy.set(true);
    assertThatThrownBy(rooms::forgetHalfDecided).isInstanceOf(StorageException.class);
    busy.set(false);
    rooms.forgetHalfDecided();

    assertThat(numberOfTheFreshKey()).isEqualTo(StateKeys.UNKNOWN);
  }

  @Test
  void keysThatTheStateHasNotCountAgainstTheBudget() {
    RoomView room = room();
    rooms.advance(room);
    for (int i = 0; i < 5_000; i++) {
      keys.add(new StateKey("org.example", "%05d".formatted(i).repeat(50)));
    }
    rooms.trim();
    assertThat(rooms.find(ROOM)).isPresent(); // It is weighed with the next decision.

    rooms.advance(room);
    rooms.trim();
    assertThat(rooms.find(ROOM)).as("the one that was used last").isPresent();

    rooms.advance(room(2, OTHER));
    rooms.trim();
    assertThat(rooms.find(ROOM)).isEmpty();
  }

  @Test
  void aCommitThatWasFoundLateBringsBackNoKeyOfAUnitThatFailedBehindIt() {
    RoomView first = room();
    rooms.advance(first); // unit 1, the answer to whose commit gets lost
    keys.add(FRESH); // unit 2, which fails behind it
    rooms.clear();
    memory.rooms().committed(first); // unit 1 is found in the database after all

    rooms.clear();

    assertThat(numberOfTheFreshKey()).isEqualTo(StateKeys.UNKNOWN);
  }
}
