package org.hearth.server.servers.room.read;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.RelationKind;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.store.ReadPool;

/// The rows of relations to an event, by kind and place. Of one kind they are in one stretch of the
/// index; of all kinds they are put together of one stretch each, so that no kind is in the way of
/// another, however many there are of it.
///
/// **thread**: any.
final class RelationRows {
  /// The places that events have; see `state.Places`.
  static final long BEFORE_ALL = -(1L << 57);

  private static final long AFTER_ALL = 1L << 56;

  private static final String LATEST =
      "SELECT place, position, rel_type FROM room_relation"
          + " --DERBY-PROPERTIES index=room_relation_of_kind\n"
          + " WHERE room_nid = ? AND relates_to = ? AND kind = ? AND place <= ? AND place > ?"
          + " ORDER BY place DESC FETCH FIRST ? ROWS ONLY";

  /// One event a statement: of several in an `IN` Derby would look at all relations of the room, as
  /// they are not the first column of the index.
  private static final String OF_ONE =
      "SELECT place, position, rel_type FROM room_relation"
          + " --DERBY-PROPERTIES index=room_relation_of_kind\n"
          + " WHERE room_nid = ? AND relates_to = ? FETCH FIRST ? ROWS ONLY";

  private final ReadPool reads;

  RelationRows(ReadPool reads) {
    this.reads = reads;
  }

  /// A relation.
  ///
  /// @param place of the event that states it
  /// @param number of that event
  record Row(long place, long number, String relation) {}

  /// The next rows in the order that is asked for, of the kinds that are asked for.
  List<Row> next(long room, RelationQuery query) {
    long from = Math.clamp(query.from(), BEFORE_ALL, AFTER_ALL);
    Comparator<Row> order = Comparator.comparingLong(Row::place);
    return reads.read(connection -> {
      List<Row> found = new ArrayList<>();
      try (PreparedStatement statement = connection.prepareStatement(LATEST)) {
        for (RelationKind kind : query.kinds()) {
          AscendingWindows.Reading<Row> reading =
              (upTo, after, most) ->
                  latest(statement, new Part(room, query.event(), kind, upTo, after), most);
          found.addAll(
              query.backwards()
                  ? reading.latest(from - 1, BEFORE_ALL, query.limit())
                  : earliest(from, query.limit(), reading));
        }
      }
      return found.stream()
          .sorted(query.backwards() ? order.reversed() : order)
          .limit(query.limit())
          .toList();
    });
  }

  /// History and what is live are far apart: each is looked for from where it can begin.
  private static List<Row> earliest(long from, int limit, AscendingWindows.Reading<Row> reading)
      throws SQLException {
    List<Row> found = new ArrayList<>();
    if (from < -1) {
      found.addAll(AscendingWindows.earliest(from, -1, limit, reading));
    }
    if (found.size() < limit) {
      found.addAll(
          AscendingWindows.earliest(Math.max(from, 0), AFTER_ALL, limit - found.size(), reading));
    }
    return found;
  }

  /// A part of the index.
  private record Part(long room, EventId event, RelationKind kind, long upTo, long after) {}

  private static List<Row> latest(PreparedStatement statement, Part part, int most)
      throws SQLException {
    statement.setLong(1, part.room());
    statement.setString(2, part.event().value());
    statement.setInt(3, part.kind().code());
    statement.setLong(4, part.upTo());
    statement.setLong(5, part.after());
    statement.setInt(6, most);
    return rows(statement);
  }

  /// Rows of relations to any of these events, in no order.
  ///
  /// @param most so many at most
  List<Row> ofMany(long room, List<EventId> events, int most) {
    return reads.read(connection -> ofMany(connection, room, events, most));
  }

  private static List<Row> ofMany(Connection connection, long room, List<EventId> events, int most)
      throws SQLException {
    List<Row> found = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(OF_ONE)) {
      statement.setLong(1, room);
      for (EventId event : events) {
        if (found.size() == most) {
          break;
        }
        statement.setString(2, event.value());
        statement.setInt(3, most - found.size());
        found.addAll(rows(statement));
      }
    }
    return found;
  }

  private static List<Row> rows(PreparedStatement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery()) {
      List<Row> found = new ArrayList<>();
      while (rows.next()) {
        found.add(new Row(rows.getLong(1), rows.getLong(2), rows.getString(3)));
      }
      return found;
    }
  }
}
