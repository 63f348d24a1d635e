package org.hearth.server.matrix.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.ProcessorTime;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// A fork of a few events in a room of many members: the work is that of the fork, and one walk
/// over numbers.
@Tag("long")
class LargeRoomTest {
  private static final System.Logger LOG = System.getLogger(LargeRoomTest.class.getName());
  private static final int MEMBERS = 20_000;
  private static final int ROUNDS = 20;

  static final List<RoomVersion> VERSIONS = List.of(RoomVersions.V11, RoomVersions.V12);

  @ParameterizedTest
  @FieldSource("VERSIONS")
  void resolvesAForkOfARoomOfTwentyThousandWithinASecond(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);
    room.joinRule("public").add();
    room.usualPowerLevels("\"users\":{\"%s\":50}".formatted(BOB)).add();
    room.join(BOB).add();
    Map<StateKey, Pdu> state = new HashMap<>(room.state());
    Map<Long, Pdu> events = new HashMap<>();
    room.events().forEach(event -> events.put(room.number(event), event));
    Map<EventId, Long> numbers = new HashMap<>();
    events.forEach((number, event) -> numbers.put(event.eventId(), number));
    Map<StateKey, Pdu> authorising = Map.copyOf(state);
    Pdu last = room.events().getLast();
    for (int i = 0; i < MEMBERS; i++) {
      Pdu join =
          room.join(UserId.parse("@user" + i + ":many.example"))
              .after(last)
              .in(authorising)
              .build();
      number(join, events, numbers);
      join.stateKeyPair().ifPresent(key -> state.put(key, join));
    }
    Pdu ban = room.member(ALICE, BOB, "ban").after(last).in(state).build();
    Pdu topic = room.topic(BOB, "x").after(last).in(state).build();
    number(ban, events, numbers);
    number(topic, events, numbers);
    Map<StateKey, Long> one = numbered(state, numbers);
    one.put(StateKey.member(BOB.value()), numbers.get(ban.eventId()));
    Map<StateKey, Long> other = numbered(state, numbers);
    other.put(StateKey.of(EventTypes.TOPIC), numbers.get(topic.eventId()));
    EventSource source = source(events, numbers);

    List<Map<StateKey, Long>> resolved = new ArrayList<>();
    Duration time = Duration.ofDays(1);
    for (int round = 0; round < ROUNDS; round++) {
      resolved.clear();
      Duration each =
          ProcessorTime.of(
              () -> resolved.add(StateResolution.resolve(version, List.of(one, other), source)));
      time = each.compareTo(time) < 0 ? each : time;
    }

    LOG.log(
        System.Logger.Level.INFO,
        "version {0}: {1} members, best of {2}: {3}",
        version,
        MEMBERS,
        ROUNDS,
        time);
    assertThat(resolved.getFirst())
        .hasSize(state.size())
        .containsEntry(StateKey.member(BOB.value()), numbers.get(ban.eventId()));
    assertThat(time).isLessThan(Duration.ofSeconds(1));
  }

  private static void number(Pdu event, Map<Long, Pdu> events, Map<EventId, Long> numbers) {
    numbers.put(event.eventId(), (long) events.size());
    events.put((long) events.size(), event);
  }

  private static Map<StateKey, Long> numbered(
      Map<StateKey, Pdu> state, Map<EventId, Long> numbers) {
    Map<StateKey, Long> numbered = new HashMap<>();
    state.forEach((key, event) -> numbered.put(key, numbers.get(event.eventId())));
    return numbered;
  }

  private static EventSource source(Map<Long, Pdu> events, Map<EventId, Long> numbers) {
    Map<Long, long[]> edges = new HashMap<>();
    events.forEach((number, event) ->
        edges.put(number, event.authEvents().stream().mapToLong(numbers::get).toArray()));
    return new EventSource() {
      @Override
      public long[] authEvents(long event) {
        return edges.getOrDefault(event, new long[0]);
      }

      @Override
      public Pdu event(long event) {
        return Objects.requireNonNull(events.get(event));
      }

      @Override
      public boolean isRejected(long event) {
        return false;
      }

      @Override
      public Pdu createEvent() {
        return event(0);
      }
    };
  }
}
