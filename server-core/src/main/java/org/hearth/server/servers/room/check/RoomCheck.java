package org.hearth.server.servers.room.check;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.event.ReferenceHash;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.state.EventSource;
import org.hearth.server.matrix.state.StateResolution;
import org.hearth.server.servers.room.state.EdgePacking;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.MembershipCode;
import org.hearth.server.servers.room.state.Places;
import org.hearth.server.servers.room.state.RoomLoader;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.servers.room.state.StateHash;
import org.hearth.server.servers.room.state.StateKeys;
import org.hearth.server.servers.room.state.StateRows;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.servers.room.state.Wants;
import org.hearth.server.store.ReadPool;

/// Checks everything that the Room Server takes for granted about one room in the database.
///
/// **thread**: one.
final class RoomCheck {
  private static final String EVENTS =
      "SELECT position, event_hash, event_id, state_before, made_snapshot, key_nid, replaces,"
          + " place, standing, redacted_by FROM room_event WHERE room_nid = ?";
  private static final String MEMBERS =
      "SELECT user_id, membership, position FROM room_member WHERE room_nid = ?";
  private static final String STATES =
      "SELECT snapshot, parent, layer FROM room_state WHERE room_nid = ?";
  private static final String PLACED = "SELECT position, event FROM room_placed WHERE room_nid = ?";
  private static final String AUTH =
      "SELECT position, auth_events FROM room_auth WHERE room_nid = ?";

  private final Connection connection;
  private final StoredEvents events;
  private final RoomView room;
  private final List<String> problems = new ArrayList<>();
  private final Map<Long, Row> rows = new HashMap<>();
  private final Map<EventId, Long> positions = new HashMap<>();
  private final Map<Long, StateRows> states = new HashMap<>();
  private final Map<Long, long[]> edges = new HashMap<>();

  /// The events that were known before they got their place, by the position of the entry that told
  /// of it.
  private final Map<Long, Long> placed = new HashMap<>();

  private Set<EventId> wantedAuth = Set.of();
  private Set<EventId> wantedPrevious = Set.of();

  private RoomCheck(Connection connection, StoredEvents events, RoomView room) {
    this.connection = connection;
    this.events = events;
    this.room = room;
  }

  /// An event's row without the event.
  private record Row(
      long position,
      long hash,
      EventId id,
      long stateBefore,
      long made,
      int key,
      long replaces,
      long place,
      Standing standing,
      long redactedBy) {
    boolean isPlaced() {
      return standing.isPlaced();
    }

    long stateAfter() {
      return made == 0 ? stateBefore : made;
    }
  }

  /// What is wrong with a room; empty if all is well.
  static List<String> problems(ReadPool reads, StoredEvents events, RoomId id) {
    Optional<RoomView> room = new RoomLoader(reads).load(id);
    if (room.isEmpty()) {
      return List.of(id + " is gone");
    }
    long number = room.get().info().number();
    Set<EventId> auth = Wants.events(reads, number, Wants.Kind.AUTH, Integer.MAX_VALUE);
    Set<EventId> previous = Wants.events(reads, number, Wants.Kind.PREVIOUS, Integer.MAX_VALUE);
    return reads.read(connection -> {
      RoomCheck check = new RoomCheck(connection, events, room.get());
      check.wantedAuth = auth;
      check.wantedPrevious = previous;
      check.run();
      return check.problems;
    });
  }

  private void run() throws SQLException {
    readStates();
    readRows();
    readEdges();
    readPlaced();
    rows.values().forEach(this::checkEvent);
    checkHead();
    checkCurrentState();
    checkMembers();
    Map<Long, Long> places = new HashMap<>();
    rows.forEach((position, row) -> places.put(position, row.place()));
    RelationCheck.problems(connection, room.info().number(), events, places).forEach(this::problem);
  }

  private void problem(String text) {
    problems.add(room.info().id() + ": " + text);
  }

  private void readStates() throws SQLException {
    Set<Long> numbers = new HashSet<>();
    try (PreparedStatement statement = connection.prepareStatement(STATES)) {
      statement.setLong(1, room.info().number());
      try (ResultSet found = statement.executeQuery()) {
        while (found.next()) {
          numbers.add(found.getLong(1));
          boolean lowest = found.getLong(2) == 0;
          int layer = found.getInt(3);
          if (layer < 0 || layer >= StateSnapshot.MAX_LAYERS || lowest != (layer == 0)) {
            problem(
                "state %d is layer %d, its parent %d"
                    .formatted(found.getLong(1), layer, found.getLong(2)));
          }
        }
      }
    }
    for (long number : numbers) {
      StateRows read = StateRows.read(connection, number);
      states.put(number, read);
      if (read.room() != room.info().number()) {
        problem("state %d is of room %d".formatted(number, read.room()));
      }
    }
  }

  private void readRows() throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(EVENTS)) {
      statement.setLong(1, room.info().number());
      try (ResultSet found = statement.executeQuery()) {
        while (found.next()) {
          int key = found.getInt(6);
          Row row =
              new Row(
                  found.getLong(1),
                  found.getLong(2),
                  EventId.parse(found.getString(3)),
                  found.getLong(4),
                  found.getLong(5),
                  found.wasNull() ? StateKeys.UNKNOWN : key,
                  found.getLong(7),
                  found.getLong(8),
                  Standing.of(found.getInt(9)),
                  found.getLong(10));
          rows.put(row.position(), row);
          if (positions.put(row.id(), row.position()) != null) {
            problem("%s is stored twice".formatted(row.id()));
          }
        }
      }
    }
    for (StateRows state : states.values()) {
      StateHash[] hash = {StateHash.EMPTY};
      state.forEach((key, position) -> {
        Row row = rows.get(position);
        if (row == null) {
          problem("state %d has an event %d that is not there".formatted(state.number(), position));
        } else if (key >= room.info().keys().size()) {
          problem("state %d has a key %d that is not there".formatted(state.number(), key));
        } else {
          hash[0] = hash[0].plus(key, row.id());
          StateKey said = room.info().keys().key(key);
          if (!events.get(position).shown().pdu().stateKeyPair().equals(Optional.of(said))) {
            problem("state %d has %s at %s".formatted(state.number(), row.id(), said));
          }
        }
      });
      if (!hash[0].equals(state.hash())) {
        problem("state %d has another hash than its contents".formatted(state.number()));
      }
    }
  }

  private void readPlaced() throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(PLACED)) {
      statement.setLong(1, room.info().number());
      try (ResultSet found = statement.executeQuery()) {
        while (found.next()) {
          placed.put(found.getLong(1), found.getLong(2));
        }
      }
    }
  }

  private void readEdges() throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(AUTH)) {
      statement.setLong(1, room.info().number());
      try (ResultSet found = statement.executeQuery()) {
        while (found.next()) {
          edges.put(found.getLong(1), EdgePacking.unpack(found.getBytes(2)));
        }
      }
    }
  }

  private void checkEvent(Row row) {
    StoredEvents.Stored stored = events.get(row.position());
    Pdu event = stored.shown().pdu();
    if (row.hash() != StoredEvents.hash(row.id())) {
      problem("%s is indexed by a wrong hash".formatted(row.id()));
    }
    if (!ReferenceHash.eventId(event.json(), event.version()).equals(row.id())) {
      problem("%s is not the id of what is stored under it".formatted(row.id()));
    }
    if (row.redactedBy() != 0 && !rows.containsKey(row.redactedBy())) {
      problem("%s is redacted by %d, which is not there".formatted(row.id(), row.redactedBy()));
    }
    boolean shown = row.standing() == Standing.ACCEPTED;
    if (shown != (row.place() != Places.NONE)
        || (Places.isLive(row.place())
            && row.place() != row.position()
            && placed.getOrDefault(row.place(), 0L) != row.position())) {
      problem("%s, %s, has the place %d".formatted(row.id(), row.standing(), row.place()));
    }
    if (row.isPlaced()) {
      checkPlace(row, event);
    } else if (row.stateBefore() != 0 || row.made() != 0) {
      problem("%s has no place and yet a state".formatted(row.id()));
    }
    checkReferences(row, event);
  }

  private void checkPlace(Row row, Pdu event) {
    StateRows before = states.get(row.stateBefore());
    StateRows after = states.get(row.stateAfter());
    if ((before == null && row.stateBefore() != 0) || (after == null && row.stateAfter() != 0)) {
      problem("the state before or after %s is not there".formatted(row.id()));
      return;
    }
    boolean makes = event.isState() && row.standing() != Standing.REJECTED;
    if (makes != (row.made() != 0)) {
      problem("%s made the state %d".formatted(row.id(), row.made()));
      return;
    }
    if (!makes || after == null) {
      return;
    }
    int limit = Math.max(after.keyLimit(), before == null ? 0 : before.keyLimit());
    for (int key = 0; key < limit; key++) {
      long was = before == null ? 0 : before.position(key);
      long expected = key == row.key() ? row.position() : was;
      if (after.position(key) != expected) {
        problem(
            "the state after %s is not that before with it, at key %d".formatted(row.id(), key));
      }
    }
    long replaced = before == null ? 0 : before.position(row.key());
    if (replaced != row.replaces()) {
      problem("%s replaces %d and says %d".formatted(row.id(), replaced, row.replaces()));
    }
  }

  private static Set<EventId> first(int most, List<EventId> ids) {
    return ids.stream().limit(most).collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /// Of an event of history that cites more than events may now, as many are wanted as they may,
  /// and it has no edges.
  private void checkReferences(Row row, Pdu event) {
    List<Long> auth = new ArrayList<>();
    Set<EventId> wanted = first(PduFormat.MAX_AUTH_EVENTS, event.authEvents());
    for (EventId id : event.authEvents()) {
      Optional<Long> position = events.position(id);
      position.ifPresent(auth::add);
      if (position.isEmpty() && wanted.contains(id) && !wantedAuth.contains(id)) {
        problem("%s, an auth event of %s, is not there".formatted(id, row.id()));
      }
    }
    if (event.isState()) {
      long[] kept = edges.getOrDefault(row.position(), new long[0]);
      long[] said = auth.stream().mapToLong(Long::longValue).sorted().toArray();
      long[] sorted = kept.clone();
      Arrays.sort(sorted);
      boolean complete =
          said.length == event.authEvents().size() && said.length <= PduFormat.MAX_AUTH_EVENTS;
      if (complete ? !Arrays.equals(sorted, said) : kept.length != 0) {
        problem(
            "the edges of %s are %s and not %s".formatted(row.id(), Arrays.toString(kept), auth));
      }
    }
    for (EventId id :
        row.isPlaced() ? first(PduFormat.MAX_PREV_EVENTS, event.prevEvents()) : Set.<EventId>of()) {
      Row previous = rows.get(positions.getOrDefault(id, 0L));
      boolean placed = previous != null && previous.isPlaced();
      if (!placed && !wantedPrevious.contains(id)) {
        problem("%s, before %s, has no place".formatted(id, row.id()));
      }
    }
  }

  private void checkHead() {
    long depth = 0;
    Set<EventId> followed = new HashSet<>();
    for (Row row : rows.values()) {
      if (row.standing() == Standing.ACCEPTED) {
        followed.addAll(events.get(row.position()).shown().pdu().prevEvents());
      }
    }
    for (EventRef each : room.extremities()) {
      Row row = rows.get(each.position());
      if (row == null || row.standing() != Standing.ACCEPTED) {
        problem("the forward extremity %d is no accepted event".formatted(each.position()));
      } else {
        depth = Math.max(depth, events.get(row.position()).shown().pdu().depth());
        if (followed.contains(row.id())) {
          problem("the forward extremity %s is followed".formatted(row.id()));
        }
      }
    }
    if (depth != room.depth()) {
      problem("the depth is %d, of the extremities %d".formatted(room.depth(), depth));
    }
    for (Row row : rows.values()) {
      if (row.position() > room.last().position()) {
        problem("%s is after the last entry %d".formatted(row.id(), room.last().position()));
      }
    }
    if (room.createOrNull() == null) {
      problem("the current state has no create event");
    }
  }

  private void checkCurrentState() {
    if (room.extremities().isEmpty()) {
      // It has come in part, and the join not yet, or never.
      return;
    }
    List<Map<StateKey, Long>> sets = new ArrayList<>();
    for (EventRef each : room.extremities()) {
      Row row = rows.get(each.position());
      StateRows state = row == null ? null : states.get(row.stateAfter());
      if (state != null) {
        sets.add(set(state));
      }
    }
    StateRows current = states.get(room.state().number());
    if (current == null || sets.isEmpty()) {
      problem("the current state %d is not there".formatted(room.state().number()));
      return;
    }
    Map<StateKey, Long> resolved =
        StateResolution.resolve(room.info().version(), sets, new Source());
    if (!resolved.equals(set(current))) {
      problem("the current state is not what its extremities resolve to");
    }
  }

  private Map<StateKey, Long> set(StateRows state) {
    Map<StateKey, Long> set = new HashMap<>();
    state.forEach((key, position) -> set.put(room.info().keys().key(key), position));
    return set;
  }

  private void checkMembers() throws SQLException {
    Map<UserId, Long> expected = new HashMap<>();
    for (int key = 0; key < Math.min(room.state().keyLimit(), room.info().keys().size()); key++) {
      EventRef ref = room.state().get(key);
      if (ref != null) {
        Members.userOf(room.info().keys().key(key))
            .ifPresent(user -> expected.put(user, ref.position()));
      }
    }
    try (PreparedStatement statement = connection.prepareStatement(MEMBERS)) {
      statement.setLong(1, room.info().number());
      try (ResultSet found = statement.executeQuery()) {
        while (found.next()) {
          UserId user = UserId.parse(found.getString(1));
          Membership membership = MembershipCode.membership(found.getInt(2));
          Long position = expected.remove(user);
          if (position == null || position != found.getLong(3)) {
            problem("the membership of %s is by %d".formatted(user, found.getLong(3)));
          } else if (Membership.of(events.get(position).shown().pdu()).orElse(Membership.LEAVE)
              != membership) {
            problem("the membership of %s is not what its event says".formatted(user));
          }
        }
      }
    }
    expected.forEach(
        (user, _) -> problem("the membership of %s is not in the index".formatted(user)));
  }

  private final class Source implements EventSource {
    @Override
    public long[] authEvents(long event) {
      return event(event).authEvents().stream()
          .flatMapToLong(id -> events.position(id).stream().mapToLong(Long::longValue))
          .toArray();
    }

    @Override
    public Pdu event(long event) {
      return events.get(event).shown().pdu();
    }

    @Override
    public boolean isRejected(long event) {
      return events.get(event).standing().isRejected();
    }

    @Override
    public Pdu createEvent() {
      return event(room.create().position());
    }
  }
}
