package org.hearth.server.servers.room.read;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.store.ReadPool;

/// Which events a room shows, by place, in both directions.
///
/// Positions only: those of live events are all in the index, and the events themselves are mostly
/// in memory.
///
/// The index has the newest first; forwards it is read by [AscendingWindows].
///
/// **thread**: any.
final class Timeline {
  /// Of live events the place is the position.
  private static final String BACKWARDS =
      "SELECT place FROM room_event WHERE room_nid = ? AND place <= ? AND place > ?"
          + " ORDER BY place DESC FETCH FIRST ? ROWS ONLY";

  private static final String HISTORY =
      "SELECT position, place FROM room_event WHERE room_nid = ? AND place < ?"
          + " ORDER BY place DESC FETCH FIRST ? ROWS ONLY";
  private static final String HISTORY_AFTER =
      "SELECT position, place FROM room_event WHERE room_nid = ? AND place > ? AND place < 0"
          + " ORDER BY place DESC";
  private static final String LAST_GAP =
      "SELECT MAX(position) FROM room_gap WHERE room_nid = ? AND position > ? AND position <= ?";

  private final ReadPool reads;

  /// An event of history.
  ///
  /// @param number under which it is stored
  record Placed(long number, long place) {}

  Timeline(ReadPool reads) {
    this.reads = reads;
  }

  /// The newest positions, newest first.
  List<Long> backwards(long room, long upTo, long after, int limit) {
    return reads.select(
        BACKWARDS, statement -> bind(statement, room, upTo, after, limit), row -> row.getLong(1));
  }

  /// The oldest positions, oldest first.
  List<Long> forwards(long room, long after, long upTo, int limit) {
    return reads.read(connection -> forwards(connection, room, after, upTo, limit));
  }

  /// The latest events of history, latest first.
  ///
  /// @param before the place before which to look
  List<Placed> history(long room, long before, int limit) {
    return reads.select(
        HISTORY,
        statement -> {
          statement.setLong(1, room);
          statement.setLong(2, Math.min(before, 0));
          statement.setInt(3, limit);
        },
        Timeline::placed);
  }

  /// The earliest events of history after a place, earliest first. Reads all that is after it.
  List<Placed> historyAfter(long room, long after, int limit) {
    List<Placed> latestFirst =
        reads.select(
            HISTORY_AFTER,
            statement -> {
              statement.setLong(1, room);
              statement.setLong(2, after);
            },
            Timeline::placed);
    List<Placed> earliestFirst = latestFirst.reversed();
    return List.copyOf(earliestFirst.subList(0, Math.min(limit, earliestFirst.size())));
  }

  /// The newest position that is not after that one.
  Optional<Long> last(long room, long upTo) {
    return backwards(room, upTo, 0, 1).stream().findFirst();
  }

  /// The newest live event of a range before which others are missing.
  Optional<Long> lastGap(long room, long after, long upTo) {
    return reads
        .first(
            LAST_GAP,
            statement -> {
              statement.setLong(1, room);
              statement.setLong(2, after);
              statement.setLong(3, upTo);
            },
            row -> row.getLong(1))
        .filter(position -> position != 0);
  }

  private static List<Long> forwards(
      Connection connection, long room, long after, long upTo, int limit) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(BACKWARDS)) {
      return AscendingWindows.earliest(
          after, upTo, limit, (to, from, most) -> read(statement, room, to, from, most));
    }
  }

  private static List<Long> read(
      PreparedStatement statement, long room, long upTo, long after, int limit)
      throws SQLException {
    bind(statement, room, upTo, after, limit);
    try (ResultSet rows = statement.executeQuery()) {
      List<Long> positions = new ArrayList<>();
      while (rows.next()) {
        positions.add(rows.getLong(1));
      }
      return positions;
    }
  }

  private static void bind(PreparedStatement statement, long room, long upTo, long after, int limit)
      throws SQLException {
    statement.setLong(1, room);
    statement.setLong(2, upTo);
    statement.setLong(3, after);
    statement.setInt(4, limit);
  }

  private static Placed placed(ResultSet row) throws SQLException {
    return new Placed(row.getLong(1), row.getLong(2));
  }
}
