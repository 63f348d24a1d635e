package org.hearth.server.servers.notification;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The tables `notification_counts` and `notification_progress`.
///
/// **thread**: any.
final class StoredCounts {
  static final Table TABLE =
      new Table(
          "notification_counts",
          "one row a room, of up to 100,000 members, 50,000 threads that they have read or not, and 256 events: under 128 MiB",
          "what notified is replaced by what is newer; deleted when no user of this server is in the room");
  static final Table PROGRESS = new Table("notification_progress", "one row", "it is replaced");

  private static final System.Logger LOG = System.getLogger(StoredCounts.class.getName());

  private final ReadPool reads;

  /// The rooms of which it was said that their counts are damaged.
  private final Set<RoomId> damaged = ConcurrentHashMap.newKeySet();

  StoredCounts(ReadPool reads) {
    this.reads = reads;
  }

  /// A room's counts as they were stored; those that are damaged are as good as gone.
  Optional<CountsPacking.Unpacked> of(RoomId room) {
    return reads
        .first(
            "SELECT content FROM notification_counts WHERE room_id = ?",
            statement -> statement.setString(1, room.value()),
            row -> row.getBytes(1))
        .flatMap(bytes -> unpack(room, bytes));
  }

  private Optional<CountsPacking.Unpacked> unpack(RoomId room, byte[] bytes) {
    try {
      return Optional.of(CountsPacking.unpack(room, bytes));
    } catch (IllegalStateException e) {
      if (damaged.add(room)) {
        reads.unreadable();
        LOG.log(Level.ERROR, "what is unread in a room is counted anew from its next event on", e);
      }
      return Optional.empty();
    }
  }

  /// Up to where room-output is counted; empty if nothing ever was.
  Optional<LogPosition> progress() {
    return reads
        .select("SELECT log_position FROM notification_progress", row -> row.getLong(1))
        .stream()
        .map(LogPosition::new)
        .findFirst();
  }

  static List<RowChange> delete(RoomId room) {
    return List.of(
        RowChange.of(
            TABLE,
            "DELETE FROM notification_counts WHERE room_id = ?",
            (statement, _) -> statement.setString(1, room.value())));
  }

  static RowChange insert(RoomId room, byte[] content) {
    return RowChange.of(
        TABLE,
        "INSERT INTO notification_counts (room_id, content) VALUES (?, ?)",
        (statement, _) -> {
          statement.setString(1, room.value());
          statement.setBytes(2, content);
        });
  }

  static List<RowChange> setProgress(LogPosition position) {
    return List.of(
        RowChange.of(PROGRESS, "DELETE FROM notification_progress", (_, _) -> {}),
        RowChange.of(
            PROGRESS,
            "INSERT INTO notification_progress (id, log_position) VALUES (1, ?)",
            (statement, _) -> statement.setLong(1, position.value())));
  }
}
