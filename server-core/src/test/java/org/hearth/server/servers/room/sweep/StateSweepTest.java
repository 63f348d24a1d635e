package org.hearth.server.servers.room.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.testkit.EventRecipe;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.check.DatabaseCheck;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The job that drops states to which nothing refers.
final class StateSweepTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String UNUSED =
      "SELECT snapshot FROM room_state s WHERE NOT EXISTS (SELECT 1 FROM room_event e"
          + " WHERE e.state_before = s.snapshot OR e.made_snapshot = s.snapshot)"
          + " AND NOT EXISTS (SELECT 1 FROM room r WHERE r.snapshot = s.snapshot)"
          + " AND NOT EXISTS (SELECT 1 FROM room_current c WHERE c.snapshot = s.snapshot)"
          + " AND NOT EXISTS (SELECT 1 FROM room_state p WHERE p.parent = s.snapshot)";
  private static final String ALL = "SELECT snapshot FROM room_state";
  private static final String PARENTS = "SELECT parent FROM room_state WHERE parent IS NOT NULL";

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RunningRooms rooms;
  private RoomFixture room;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
    room = RoomFixture.withMembers(RoomVersions.V11);
    room.usualPowerLevels("\"users\":{\"@alice:a.example\":100,\"@bob:b.example\":50}").add();
    rooms.live(room.events());
  }

  @AfterEach
  void checkTheDatabase() {
    rooms.close();
    DatabaseCheck.assertSound(stores.store());
  }

  private Set<Long> numbers(String sql) {
    return stores
        .store()
        .reads()
        .read(connection -> {
          try (PreparedStatement statement = connection.prepareStatement(sql);
              ResultSet rows = statement.executeQuery()) {
            Set<Long> numbers = new TreeSet<>();
            while (rows.next()) {
              numbers.add(rows.getLong(1));
            }
            return numbers;
          }
        });
  }

  /// State events on branches of their own that come at once: the current state between any two of
  /// them is a state to which nothing refers.
  private List<Pdu> branches(int count) {
    Pdu fork = room.events().getLast();
    List<Pdu> branches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      branches.add(
          room.state(i % 2 == 0 ? ALICE : BOB, "example." + room.events().size(), "", "{}")
              .after(fork)
              .add());
    }
    rooms.live(branches);
    return branches;
  }

  private void sweep() throws InterruptedException {
    rooms.sweep().sweep(1, room.roomId(), () -> true, StateSweep.STATES_PER_UNIT);
  }

  private Map<EventId, Map<StateKey, EventId>> statesOfAllEvents() {
    RoomQueries queries = rooms.queries();
    Map<EventId, Map<StateKey, EventId>> states = new HashMap<>();
    for (Pdu each : room.events()) {
      RoomEvent event = queries.event(each.eventId()).orElseThrow();
      Map<StateKey, EventId> both = new HashMap<>(RunningRooms.ids(queries.stateBefore(event)));
      both.putAll(RunningRooms.ids(queries.stateAfter(event)));
      states.put(each.eventId(), both);
    }
    return states;
  }

  @Test
  void dropsWhatNothingRefersToAndNothingElse() throws InterruptedException {
    branches(9);
    branches(9);
    Map<EventId, Map<StateKey, EventId>> before = statesOfAllEvents();
    assertThat(numbers(UNUSED)).hasSizeGreaterThan(3);

    sweep();

    assertThat(numbers(UNUSED)).isEmpty();
    assertThat(numbers(ALL)).containsAll(numbers(PARENTS));
    rooms.close();
    rooms = new RunningRooms(stores.reopen());
    assertThat(statesOfAllEvents()).isEqualTo(before);
    assertThat(rooms.state(room.roomId())).isEqualTo(RunningRooms.ids(room.state()));
  }

  private void rename(String from, String to) {
    stores
        .store()
        .committer()
        .commit(
            "test",
            List.of(
                RowChange.of(
                    new Table("room", "a test's", "the test"),
                    "UPDATE room SET room_id = ? WHERE room_id = ?",
                    (statement, _) -> {
                      statement.setString(1, to);
                      statement.setString(2, from);
                    })),
            List.of());
  }

  @Test
  void goesOnWithTheNextRoundWhenTheRoomsCannotBeRead() throws InterruptedException {
    branches(9);
    String id = room.roomId().toString();
    rename(id, "no room id");
    assertThat(rooms.sweep().round()).isEqualTo(Duration.ofMinutes(10));
    rename("no room id", id);

    assertThat(rooms.sweep().round()).isEqualTo(Duration.ofDays(1));

    assertThat(numbers(UNUSED)).isEmpty();
  }

  @Test
  void leavesARoomAloneInWhichEveryStateIsReferredTo() throws InterruptedException {
    Set<Long> before = numbers(ALL);

    sweep();

    assertThat(numbers(ALL)).isEqualTo(before);
  }

  @Test
  void isSoundWhereverItIsInterrupted() throws InterruptedException {
    branches(9);
    branches(9);
    int steps = 0;
    int left = numbers(UNUSED).size();
    for (int allowed = 0; left > 0; allowed += 1 + allowed / 8) {
      int most = allowed;
      AtomicInteger asked = new AtomicInteger();
      rooms.sweep().sweep(1, room.roomId(), () -> asked.getAndIncrement() < most, 1);
      if (numbers(UNUSED).size() < left) {
        left = numbers(UNUSED).size();
        steps++;
        DatabaseCheck.assertSound(stores.store());
        rooms.close();
        rooms = new RunningRooms(stores.reopen());
      }
    }
    assertThat(steps).isGreaterThan(1);
    Pdu next = room.topic(ALICE, "on it goes").add();
    assertThat(rooms.live(next).of(next.eventId())).isEqualTo(new EventVerdict.Accepted());
    assertThat(rooms.state(room.roomId())).isEqualTo(RunningRooms.ids(room.state()));
  }

  /// A state that nothing refers to until an event comes that follows these two.
  private EventRecipe eventThatNeeds(Pdu one, Pdu other) {
    return room.message(ALICE, "m.room.message", "{}").after(one, other);
  }

  private long stateBefore(Pdu event) {
    return rooms
        .queries()
        .stateBefore(rooms.queries().event(event.eventId()).orElseThrow())
        .snapshot();
  }

  @Test
  void keepsWhatIsReferredToSinceItHasLooked() {
    List<Pdu> branches = branches(3);
    Set<Long> unused = numbers(UNUSED);
    rooms.submit(new RoomInput.WatchStates(room.roomId()));
    Pdu late = eventThatNeeds(branches.get(0), branches.get(1)).build();
    rooms.live(late);

    rooms.submit(new RoomInput.DropStates(room.roomId(), List.copyOf(unused)));

    assertThat(unused).contains(stateBefore(late));
    assertThat(numbers(ALL)).contains(stateBefore(late));
  }

  @Test
  void makesAStateAgainThatIsNeededWhileItIsBeingDropped() throws InterruptedException {
    List<Pdu> branches = branches(3);
    Set<Long> unused = numbers(UNUSED);
    rooms.submit(new RoomInput.WatchStates(room.roomId()));
    Pdu late = eventThatNeeds(branches.get(0), branches.get(1)).build();

    Reply<RoomReply> dropped =
        rooms
            .server()
            .input()
            .writer("Tests")
            .submit(new RoomInput.DropStates(room.roomId(), List.copyOf(unused)), PATIENCE);
    Reply<RoomReply> received =
        rooms
            .server()
            .input()
            .writer("Tests")
            .submit(
                RunningRooms.command(List.of(late), List.of(), Map.of(), Set.of(), Arrival.LIVE),
                PATIENCE);
    dropped.await(PATIENCE);
    received.await(PATIENCE);

    assertThat(unused).isNotEmpty().doesNotContain(stateBefore(late));
    assertThat(numbers(ALL)).contains(stateBefore(late)).doesNotContainAnyElementsOf(unused);
  }

  @Test
  void dropsNothingInARoomThatItDoesNotWatch() {
    branches(3);
    Set<Long> before = numbers(ALL);

    rooms.submit(new RoomInput.DropStates(room.roomId(), List.copyOf(numbers(UNUSED))));

    assertThat(numbers(ALL)).isEqualTo(before);
  }

  @Test
  void sweepsWhileTheRoomGoesOn() throws InterruptedException {
    Thread appending =
        Thread.ofVirtual()
            .start(() -> {
              for (int i = 0; i < 30; i++) {
                List<Pdu> branches = branches(4);
                rooms.live(eventThatNeeds(branches.get(0), branches.get(1)).add());
                rooms.live(eventThatNeeds(branches.get(1), branches.get(2)).add());
                rooms.live(room.message(BOB, "m.room.message", "{}").add());
              }
            });
    while (appending.isAlive()) {
      rooms.sweep().sweep(1, room.roomId(), () -> true, 3);
    }

    sweep();

    assertThat(numbers(UNUSED)).isEmpty();
    assertThat(rooms.state(room.roomId())).isEqualTo(RunningRooms.ids(room.state()));
  }
}
