package org.hearth.server.servers.room;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.state.GeneratedRoom;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The same history, however it arrives, ends in the same state.
final class AnyHistoryTest {
  private static final int TRIES = 120;

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  /// One generated history.
  record Case(RoomVersion version, long seed) {
    /// Events on branches that are brought together at the end by the creator.
    RoomFixture room() {
      GeneratedRoom generated = GeneratedRoom.of(version, seed, TRIES);
      RoomFixture room = generated.room();
      room.message(RoomFixture.ALICE, "m.room.message", "{}")
          .after(generated.tips().toArray(Pdu[]::new))
          .add();
      return room;
    }
  }

  static Stream<Case> cases() {
    return RoomVersions.all().stream()
        .flatMap(version -> Stream.of(1L, 2L).map(seed -> new Case(version, seed)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsInTheSameStateOneByOneInBatchesAtOnceAndShuffled(Case history) {
    RoomFixture room = history.room();
    Map<StateKey, EventId> expected = RunningRooms.ids(room.state());
    List<List<Pdu>> ways = new ArrayList<>();
    room.events().forEach(each -> ways.add(List.of(each)));
    assertThat(stateOf(room.roomId(), ways)).as("one by one, %s", history).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsInTheSameStateInBatches(Case history) {
    RoomFixture room = history.room();
    List<List<Pdu>> batches = new ArrayList<>();
    for (int i = 0; i < room.events().size(); i += 7) {
      batches.add(room.events().subList(i, Math.min(i + 7, room.events().size())));
    }
    assertThat(stateOf(room.roomId(), batches))
        .as("in batches, %s", history)
        .isEqualTo(RunningRooms.ids(room.state()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsInTheSameStateAllAtOnceInAnyOrder(Case history) {
    RoomFixture room = history.room();
    List<Pdu> shuffled = new ArrayList<>(room.events());
    Collections.shuffle(shuffled, new Random(history.seed()));
    assertThat(stateOf(room.roomId(), List.of(shuffled)))
        .as("at once, %s", history)
        .isEqualTo(RunningRooms.ids(room.state()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsInTheSameStateShuffledWithWhatIsMissingSentAgain(Case history) {
    RoomFixture room = history.room();
    List<Pdu> open = new ArrayList<>(room.events().subList(1, room.events().size()));
    Collections.shuffle(open, new Random(history.seed()));
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      rooms.live(room.events().getFirst());
      while (!open.isEmpty()) {
        List<Pdu> again = new ArrayList<>();
        for (int i = 0; i < open.size(); i += 5) {
          List<Pdu> batch = open.subList(i, Math.min(i + 5, open.size()));
          RoomReply.Received received = rooms.live(batch);
          for (Pdu each : batch) {
            if (received.of(each.eventId()) instanceof EventVerdict.Incomplete) {
              again.add(each);
            }
          }
        }
        assertThat(again).hasSizeLessThan(open.size());
        open = again;
      }
      assertThat(rooms.state(room.roomId()))
          .as("shuffled, %s", history)
          .isEqualTo(RunningRooms.ids(room.state()));
    }
    DatabaseCheck.assertSound(stores.store());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsInTheSameStateWithRestartsInTheMiddle(Case history) {
    RoomFixture room = history.room();
    for (int i = 0; i < room.events().size(); i += 40) {
      try (RunningRooms rooms = new RunningRooms(stores.reopen())) {
        for (Pdu each : room.events().subList(i, Math.min(i + 40, room.events().size()))) {
          rooms.live(each);
        }
      }
    }
    try (RunningRooms rooms = new RunningRooms(stores.reopen())) {
      assertThat(rooms.state(room.roomId()))
          .as("with restarts, %s", history)
          .isEqualTo(RunningRooms.ids(room.state()));
    }
    DatabaseCheck.assertSound(stores.store());
  }

  private Map<StateKey, EventId> stateOf(RoomId id, List<List<Pdu>> batches) {
    Map<StateKey, EventId> state;
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      for (List<Pdu> each : batches) {
        RoomReply.Received received = rooms.live(each);
        assertThat(received.events())
            .allMatch(judged ->
                judged.verdict() instanceof EventVerdict.Accepted
                    || judged.verdict() instanceof EventVerdict.SoftFailed);
      }
      state = rooms.state(id);
    }
    DatabaseCheck.assertSound(stores.store());
    return state;
  }
}
