package org.hearth.server.servers.room.receive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.state.GeneratedRoom;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.check.DatabaseCheck;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The same history, however it arrives, ends in the same state.
@Tag("long")
final class AnyHistoryTest {
  private static final int TRIES = 60;

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  /// One generated history.
  record Case(RoomVersion version, long seed) {
    /// Events on branches that are brought together at the end by somebody who may. Where nobody
    /// may, the next history is taken.
    RoomFixture room() {
      return Stream.iterate(seed, next -> next + 1)
          .flatMap(each -> joined(GeneratedRoom.of(version, each, TRIES)).stream())
          .findFirst()
          .orElseThrow();
    }

    private static Optional<RoomFixture> joined(GeneratedRoom generated) {
      RoomFixture room = generated.room();
      Pdu[] tips = generated.tips().toArray(Pdu[]::new);
      Map<StateKey, Pdu> state = room.stateBefore(List.of(tips));
      return state.keySet().stream()
          .filter(key -> key.type().equals(EventTypes.MEMBER))
          .map(key -> UserId.parse(key.stateKey()))
          .sorted()
          .flatMap(user -> Stream.of(room.message(user, EventTypes.MESSAGE, "{}"), room.join(user)))
          .map(recipe -> recipe.after(tips))
          .filter(recipe -> AuthRules.check(recipe.build(), AuthState.of(state)).isAllowed())
          .findFirst()
          .map(recipe -> {
            recipe.add();
            return room;
          });
    }
  }

  static Stream<Case> cases() {
    return RoomVersions.all().stream()
        .flatMap(version -> Stream.of(1L).map(seed -> new Case(version, seed)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsInTheSameStateOneByOneInBatchesAtOnceAndShuffled(Case history) {
    RoomFixture room = history.room();
    Map<StateKey, EventId> expected = RunningRooms.ids(room.state());
    List<List<Pdu>> ways = new ArrayList<>();
    room.events().forEach(each -> ways.add(List.of(each)));
    assertThat(stateOf(room, ways)).as("one by one, %s", history).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsInTheSameStateInBatches(Case history) {
    RoomFixture room = history.room();
    List<List<Pdu>> batches = new ArrayList<>();
    for (int i = 0; i < room.events().size(); i += 7) {
      batches.add(room.events().subList(i, Math.min(i + 7, room.events().size())));
    }
    assertThat(stateOf(room, batches))
        .as("in batches, %s", history)
        .isEqualTo(RunningRooms.ids(room.state()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsInTheSameStateAllAtOnceInAnyOrder(Case history) {
    RoomFixture room = history.room();
    List<Pdu> shuffled = new ArrayList<>(room.events());
    Collections.shuffle(shuffled, new Random(history.seed()));
    assertThat(stateOf(room, List.of(shuffled)))
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
      assertThat(end(rooms, room))
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
      assertThat(end(rooms, room))
          .as("with restarts, %s", history)
          .isEqualTo(RunningRooms.ids(room.state()));
    }
    DatabaseCheck.assertSound(stores.store());
  }

  /// The state at the end: after the last event, and now, unless the last event was soft-failed,
  /// which depends on what came when.
  private static Map<StateKey, EventId> end(RunningRooms rooms, RoomFixture room) {
    EventId last = room.events().getLast().eventId();
    RoomQueries queries = rooms.queries();
    Map<StateKey, EventId> state =
        RunningRooms.ids(queries.stateAfter(queries.event(last).orElseThrow()));
    if (queries.forwardExtremities(room.roomId()).equals(List.of(last))) {
      assertThat(rooms.state(room.roomId())).isEqualTo(state);
    }
    return state;
  }

  private Map<StateKey, EventId> stateOf(RoomFixture room, List<List<Pdu>> batches) {
    Map<StateKey, EventId> state;
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      for (List<Pdu> each : batches) {
        RoomReply.Received received = rooms.live(each);
        assertThat(received.events())
            .allMatch(judged ->
                judged.verdict() instanceof EventVerdict.Accepted
                    || judged.verdict() instanceof EventVerdict.SoftFailed);
      }
      state = end(rooms, room);
    }
    DatabaseCheck.assertSound(stores.store());
    return state;
  }
}
