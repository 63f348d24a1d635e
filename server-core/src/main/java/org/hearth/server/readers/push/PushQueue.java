package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The tables `pusher_notification` and `push_intake`.
///
/// **thread**: any.
final class PushQueue {
  /// Notifications that a pusher has still to be told of.
  static final int MOST = 100;

  /// How long after its event a notification is of use: what a gateway does not take within that is
  /// given up.
  static final java.time.Duration MOST_AGE = java.time.Duration.ofDays(1);

  /// In place of a thread, where nobody says which it is.
  static final String ANY_THREAD = "";

  static final int MOST_TWEAK_BYTES = 4_096;

  static final Table TABLE =
      new Table(
          "pusher_notification",
          "100 rows a pusher",
          "a notification beyond the bound removes the oldest; deleted when the gateway has it, when it is a day old, and with the pusher");
  static final Table INTAKE = new Table("push_intake", "one row", "made once");

  private static final String OLDEST =
      "SELECT position, room_id, event_id, thread_id, tweaks, created_millis"
          + " FROM pusher_notification WHERE pusher_id = ? ORDER BY position"
          + " FETCH FIRST ? ROWS ONLY";

  private final ReadPool reads;

  PushQueue(ReadPool reads) {
    this.reads = reads;
  }

  /// What a pusher has to be told.
  ///
  /// @param position the event's
  /// @param thread the id of its root, or `main`, or [#ANY_THREAD]
  /// @param tweaks by name; not to be changed
  record Item(
      long position, RoomId room, EventId event, String thread, ObjectNode tweaks, Instant at) {}

  /// A row of the queue.
  ///
  /// @param item empty if it cannot be read
  record Queued(long position, Optional<Item> item) {}

  /// The oldest of what a pusher has to be told, in order.
  List<Queued> oldest(long pusher, int most) {
    return reads.select(
        OLDEST,
        statement -> {
          statement.setLong(1, pusher);
          statement.setInt(2, most);
        },
        row -> new Queued(row.getLong(1), reads.readable(OLDEST, row, PushQueue::item)));
  }

  private static Item item(ResultSet row) throws SQLException {
    return new Item(
        row.getLong(1),
        RoomId.parse(row.getString(2)),
        EventId.parse(row.getString(3)),
        row.getString(4),
        MatrixJson.restoreObject(row.getBytes(5)),
        Instant.ofEpochMilli(row.getLong(6)));
  }

  /// A place in the queue of a pusher.
  private record Place(long pusher, long position) {}

  /// The positions of all items, by pusher.
  Map<Long, NavigableSet<Long>> positions() {
    Map<Long, NavigableSet<Long>> all = new HashMap<>();
    reads
        .select(
            "SELECT pusher_id, position FROM pusher_notification",
            row -> new Place(row.getLong(1), row.getLong(2)))
        .forEach(
            each -> all.computeIfAbsent(each.pusher(), _ -> new TreeSet<>()).add(each.position()));
    return all;
  }

  /// Up to which position all events that notify are in the queues, or were.
  long intake() {
    return reads.select("SELECT position FROM push_intake", row -> row.getLong(1)).getFirst();
  }

  static RowChange intake(long position) {
    return RowChange.of(
        INTAKE,
        "UPDATE push_intake SET position = ?",
        (statement, _) -> statement.setLong(1, position));
  }

  /// Adds an item, unless the pusher is gone or has it: a unit that was given up may be committed
  /// all the same, and comes again.
  static RowChange add(long pusher, Item item) {
    return RowChange.of(
        TABLE,
        "INSERT INTO pusher_notification"
            + " (pusher_id, position, room_id, event_id, thread_id, tweaks, created_millis)"
            + " SELECT pusher_id, CAST(? AS BIGINT), CAST(? AS VARCHAR(255)),"
            + " CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255)),"
            + " CAST(? AS VARCHAR(4096) FOR BIT DATA), CAST(? AS BIGINT)"
            + " FROM pusher WHERE pusher_id = ? AND NOT EXISTS (SELECT 1 FROM pusher_notification n"
            + " WHERE n.pusher_id = pusher.pusher_id AND n.position = ?)",
        (statement, _) -> {
          statement.setLong(1, item.position());
          statement.setString(2, item.room().value());
          statement.setString(3, item.event().value());
          statement.setString(4, item.thread());
          statement.setBytes(5, MatrixJson.write(item.tweaks()));
          statement.setLong(6, item.at().toEpochMilli());
          statement.setLong(7, pusher);
          statement.setLong(8, item.position());
        });
  }

  static RowChange remove(long pusher, long position) {
    return RowChange.of(
        TABLE,
        "DELETE FROM pusher_notification WHERE pusher_id = ? AND position = ?",
        (statement, _) -> {
          statement.setLong(1, pusher);
          statement.setLong(2, position);
        });
  }
}
