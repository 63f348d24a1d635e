package org.hearth.server.matrix.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.matrix.version.StateResolutionAlgorithm;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Generated forks: the real resolution against the naive one, and every order of arrival.
class GeneratedRoomsTest {
  private static final int EVENTS = 40;
  private static final int FEW = 15;
  private static final int MANY = 400;

  static Stream<RoomVersion> versions() {
    return Stream.of(
        RoomVersions.V1, RoomVersions.V2, RoomVersions.V6, RoomVersions.V11, RoomVersions.V12);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void resolvesAsTheSpecificationReads(RoomVersion version) {
    for (long seed = 1; seed <= FEW; seed++) {
      assertSameAsNaive(version, seed);
    }
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("versions")
  void resolvesAsTheSpecificationReadsInManyRooms(RoomVersion version) {
    for (long seed = 1000; seed < 1000 + MANY; seed++) {
      assertSameAsNaive(version, seed);
    }
  }

  private static void assertSameAsNaive(RoomVersion version, long seed) {
    GeneratedRoom generated = GeneratedRoom.of(version, seed, EVENTS);
    RoomFixture room = generated.room();
    Map<EventId, Pdu> events = new HashMap<>();
    room.events().forEach(event -> events.put(event.eventId(), event));
    Set<Pdu> rejected = new HashSet<>();
    Function<List<Map<StateKey, Pdu>>, Map<StateKey, Pdu>> naive =
        version.stateResolution() == StateResolutionAlgorithm.V1
            ? NaiveResolutionV1::resolve
            : new NaiveResolution(version, events, rejected, room.events().getFirst())::resolve;

    assertSame(room, naive, generated.states(), "tips of seed " + seed);

    // States as a server might give them that lacks events: any events' states, some entries old;
    // from the middle on, with more and more events that were rejected.
    Random random = new Random(seed);
    for (int i = 0; i < 20; i++) {
      if (i >= 10) {
        Pdu refused = room.events().get(random.nextInt(2, room.events().size()));
        room.reject(refused);
        rejected.add(refused);
      }
      List<Map<StateKey, Pdu>> states = new ArrayList<>();
      for (int branch = 0; branch < 2 + i % 3; branch++) {
        Pdu after = room.events().get(random.nextInt(2, room.events().size()));
        Map<StateKey, Pdu> state = new HashMap<>(room.stateAfter(after));
        Pdu old = room.events().get(random.nextInt(2, room.events().size()));
        old.stateKeyPair().ifPresent(key -> state.put(key, old));
        states.add(state);
      }
      assertSame(room, naive, states, "states %d of seed %d".formatted(i, seed));
    }
  }

  private static void assertSame(
      RoomFixture room,
      Function<List<Map<StateKey, Pdu>>, Map<StateKey, Pdu>> naive,
      List<Map<StateKey, Pdu>> states,
      String what) {
    Map<StateKey, Long> resolved =
        StateResolution.resolve(
            room.version(), states.stream().map(room::numbers).toList(), room.source());

    assertThat(named(room, resolved))
        .as("%s in version %s", what, room.version())
        .isEqualTo(naive.apply(states));
  }

  private static Map<StateKey, Pdu> named(RoomFixture room, Map<StateKey, Long> state) {
    Map<StateKey, Pdu> named = new HashMap<>();
    state.forEach((key, number) -> named.put(key, room.events().get(Math.toIntExact(number))));
    return named;
  }

  @ParameterizedTest
  @MethodSource("versions")
  void endsInOneStateWhateverTheOrderOfArrival(RoomVersion version) {
    for (long seed = 1; seed <= FEW; seed++) {
      RoomFixture room = GeneratedRoom.of(version, seed, EVENTS).room();
      Random random = new Random(seed);
      Map<StateKey, EventId> oneByOne = new Arrivals(version, room.events(), 1).state();

      for (int batch : new int[] {1, 7, Integer.MAX_VALUE}) {
        List<Pdu> shuffled = inAnyOrder(room.events(), random);

        assertThat(new Arrivals(version, shuffled, batch).state())
            .as("batches of %d, seed %d", batch, seed)
            .isEqualTo(oneByOne);
      }
    }
  }

  /// The events in a random order in which each comes after those it cites.
  private static List<Pdu> inAnyOrder(List<Pdu> events, Random random) {
    List<Pdu> left = new ArrayList<>(events);
    Collections.shuffle(left, random);
    Map<EventId, Pdu> arrived = new LinkedHashMap<>();
    while (!left.isEmpty()) {
      Pdu next =
          left.stream()
              .filter(each -> arrived.keySet().containsAll(each.prevEvents()))
              .filter(each -> arrived.keySet().containsAll(each.authEvents()))
              .findFirst()
              .orElseThrow();
      arrived.put(next.eventId(), next);
      left.remove(next);
    }
    return List.copyOf(arrived.values());
  }
}
