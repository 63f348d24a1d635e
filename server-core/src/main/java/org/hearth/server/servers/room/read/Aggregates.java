package org.hearth.server.servers.room.read;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.Aggregate;
import org.hearth.server.servers.room.Likeness;
import org.hearth.server.servers.room.RelationKind;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// Finds what is told of one room's events together with them: of a page of events on one
/// connection, and without looking at more of what relates to an event than is told of it.
///
/// Most events have nothing that relates to them, which one look into an index shows. What there is
/// of the others is at the beginning of a stretch of an index, or kept as a number.
///
/// **thread**: one; for one page.
final class Aggregates {
  private static final String ANY =
      "SELECT kind FROM room_relation WHERE room_nid = ? FETCH FIRST ROW ONLY";

  /// The first kind that there is of an event, after another.
  private static final String NEXT_KIND =
      "SELECT kind FROM room_relation --DERBY-PROPERTIES index=room_relation_of_kind\n"
          + " WHERE room_nid = ? AND relates_to = ? AND kind > ?"
          + " ORDER BY kind FETCH FIRST ROW ONLY";

  private static final String LATEST =
      "SELECT position FROM room_relation --DERBY-PROPERTIES index=room_relation_of_kind\n"
          + " WHERE room_nid = ? AND relates_to = ? AND kind = ?"
          + " ORDER BY place DESC FETCH FIRST ? ROWS ONLY";
  private static final String ALIKE =
      "SELECT position FROM room_relation --DERBY-PROPERTIES index=room_relation_alike\n"
          + " WHERE room_nid = ? AND relates_to = ? AND likeness = ?"
          + " ORDER BY place DESC FETCH FIRST ? ROWS ONLY";
  private static final String REPLIES =
      "SELECT replies FROM room_thread WHERE room_nid = ? AND root = ?";

  private final Connection connection;
  private final long room;
  private final UserId user;
  private final Supplier<List<UserId>> ignored;
  private @Nullable List<UserId> uncounted;

  private Aggregates(
      Connection connection, long room, UserId user, Supplier<List<UserId>> ignored) {
    this.connection = connection;
    this.room = room;
    this.user = user;
    this.ignored = ignored;
  }

  /// What there is to tell a user, by event; nothing of events to which nothing of that kind
  /// relates.
  ///
  /// @param ignored of whom replies are not counted
  /// @param events of the room
  static Map<EventId, Aggregate> of(
      ReadPool reads, RoomView room, UserId user, Set<String> ignored, List<RoomEvent> events) {
    return reads.read(connection ->
        new Aggregates(connection, room.info().number(), user, () -> members(room, ignored))
            .of(events));
  }

  /// Those whose replies are not counted. Who was never in the room has not replied in it.
  private static List<UserId> members(RoomView room, Set<String> ignored) {
    return ignored.stream()
        .flatMap(each -> Identifiers.read(UserId::parse, each).stream())
        .filter(each -> room.membership(each) != null)
        .limit(Aggregate.MOST_IGNORED)
        .toList();
  }

  /// Most pages have no thread, so they are looked for when the first is found.
  private List<UserId> uncounted() {
    List<UserId> known = uncounted;
    if (known == null) {
      known = ignored.get();
      uncounted = known;
    }
    return known;
  }

  private Map<EventId, Aggregate> of(List<RoomEvent> events) throws SQLException {
    Map<EventId, Aggregate> found = new HashMap<>();
    if (numbers(ANY, 1).isEmpty()) {
      return found;
    }
    try (PreparedStatement nextKind = connection.prepareStatement(NEXT_KIND)) {
      for (RoomEvent each : events) {
        Set<RelationKind> kinds = kinds(nextKind, each.id());
        if (!kinds.isEmpty()) {
          found.put(each.id(), aggregate(each, kinds));
        }
      }
    }
    return found;
  }

  /// The kinds of which the server tells.
  private Set<RelationKind> kinds(PreparedStatement nextKind, EventId event) throws SQLException {
    Set<RelationKind> kinds = EnumSet.noneOf(RelationKind.class);
    RelationKind last = RelationKind.ANNOTATION;
    for (int steps = 0; steps < RelationKind.values().length; steps++) {
      nextKind.setLong(1, room);
      nextKind.setString(2, event.value());
      nextKind.setInt(3, last.code());
      try (ResultSet rows = nextKind.executeQuery()) {
        if (!rows.next()) {
          return kinds;
        }
        last = RelationKind.ofCode(rows.getInt(1));
        kinds.add(last);
      }
    }
    return kinds;
  }

  private Aggregate aggregate(RoomEvent event, Set<RelationKind> kinds) throws SQLException {
    EventId id = event.id();
    return new Aggregate(
        kinds.contains(RelationKind.REPLACEMENT)
            ? alike(
                id,
                Likeness.ofReplacement(event.sender().value(), event.type()),
                Aggregate.MOST_REPLACEMENTS)
            : List.of(),
        kinds.contains(RelationKind.REFERENCE)
            ? latest(id, RelationKind.REFERENCE, Aggregate.MOST_REFERENCES)
            : List.of(),
        kinds.contains(RelationKind.THREAD) ? thread(id) : Optional.empty());
  }

  private Optional<Aggregate.Replies> thread(EventId root) throws SQLException {
    List<Long> kept = numbers(REPLIES, 1, root.value());
    List<LogPosition> latest = latest(root, RelationKind.THREAD, 1);
    if (kept.isEmpty() || latest.isEmpty()) {
      return Optional.empty();
    }
    long replies = kept.getFirst();
    for (UserId each : uncounted()) {
      replies -= repliesOf(root, each, Aggregate.MOST_UNCOUNTED).size();
    }
    boolean replied = !repliesOf(root, user, 1).isEmpty();
    return Optional.of(new Aggregate.Replies(replies, replied, latest.getFirst()));
  }

  private List<LogPosition> repliesOf(EventId root, UserId sender, int most) throws SQLException {
    return alike(root, Likeness.ofReply(sender.value()), most);
  }

  private List<LogPosition> alike(EventId event, long likeness, int most) throws SQLException {
    return positions(numbers(ALIKE, most, event.value(), likeness, most));
  }

  private List<LogPosition> latest(EventId event, RelationKind kind, int most) throws SQLException {
    return positions(numbers(LATEST, most, event.value(), (long) kind.code(), most));
  }

  private static List<LogPosition> positions(List<Long> numbers) {
    return numbers.stream().map(LogPosition::new).toList();
  }

  /// The numbers of a statement that asks about the room.
  ///
  /// @param most so many at most
  /// @param values after the room
  private List<Long> numbers(String sql, int most, Object... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, room);
      for (int i = 0; i < values.length; i++) {
        statement.setObject(2 + i, values[i]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        List<Long> found = new ArrayList<>();
        while (found.size() < most && rows.next()) {
          found.add(rows.getLong(1));
        }
        return found;
      }
    }
  }
}
