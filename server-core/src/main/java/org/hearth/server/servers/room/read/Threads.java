package org.hearth.server.servers.room.read;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.ThreadRoot;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;

/// Which events of a room have replies in a thread, those with the latest replies first.
///
/// **thread**: any.
final class Threads {
  private static final String LATEST =
      "SELECT root, latest FROM room_thread --DERBY-PROPERTIES index=room_thread_latest\n"
          + " WHERE room_nid = ? AND latest < ?"
          + " ORDER BY latest DESC FETCH FIRST ? ROWS ONLY";

  private final ReadPool reads;
  private final StoredEvents events;

  Threads(ReadPool reads, StoredEvents events) {
    this.reads = reads;
    this.events = events;
  }

  /// The threads.
  ///
  /// @param before the place of the latest reply before which to look
  List<ThreadRoot> find(long room, long before, int limit) {
    List<Row> rows =
        reads.select(
            LATEST,
            statement -> {
              statement.setLong(1, room);
              statement.setLong(2, before);
              statement.setInt(3, limit);
            },
            row -> new Row(row.getString(1), row.getLong(2)));
    Map<String, RoomEvent> roots = roots(room, rows);
    return rows.stream()
        .map(each -> new ThreadRoot(Optional.ofNullable(roots.get(each.root())), each.latest()))
        .toList();
  }

  /// The roots that are in the room and not damaged, by id.
  private Map<String, RoomEvent> roots(long room, List<Row> rows) {
    List<Long> numbers =
        rows.stream()
            .flatMap(each -> Identifiers.read(EventId::parse, each.root()).stream())
            .flatMap(each -> events.position(each).stream())
            .toList();
    Map<String, RoomEvent> roots = new HashMap<>();
    for (StoredEvents.Stored each : events.readable(numbers)) {
      if (each.room() == room) {
        roots.put(each.shown().id().value(), each.shown());
      }
    }
    return roots;
  }

  private record Row(String root, long latest) {}
}
