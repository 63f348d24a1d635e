package org.hearth.server.servers.room.read;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.servers.room.Likeness;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.ThreadQuery;
import org.hearth.server.servers.room.ThreadRoot;
import org.hearth.server.servers.room.ThreadStretch;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;

/// Which events of a room have replies in a thread, those with the latest replies first.
///
/// **thread**: any.
final class Threads {
  private static final String LATEST =
      " FROM room_thread t --DERBY-PROPERTIES index=room_thread_latest\n"
          + " WHERE t.room_nid = ? AND t.latest < ?"
          + " ORDER BY t.latest DESC FETCH FIRST ? ROWS ONLY";
  private static final String OF_ALL = "SELECT t.root, t.latest, 1" + LATEST;

  /// Of each thread it looks only into indexes for whether the user began it, or replied in it.
  private static final String OF_ONE =
      "SELECT t.root, t.latest, CASE WHEN t.begun_by = ?"
          + " OR EXISTS (SELECT 1 FROM room_relation r"
          + " --DERBY-PROPERTIES index=room_relation_alike\n"
          + " WHERE r.room_nid = t.room_nid AND r.relates_to = t.root AND r.likeness = ?)"
          + " THEN 1 ELSE 0 END"
          + LATEST;

  private final ReadPool reads;
  private final StoredEvents events;

  Threads(ReadPool reads, StoredEvents events) {
    this.reads = reads;
    this.events = events;
  }

  ThreadStretch find(long room, ThreadQuery query) {
    Found found = reads.read(connection -> look(connection, room, query));
    Map<String, RoomEvent> roots = roots(room, found.rows());
    List<ThreadRoot> threads =
        found.rows().stream()
            .map(each -> new ThreadRoot(Optional.ofNullable(roots.get(each.root())), each.latest()))
            .toList();
    return new ThreadStretch(threads, found.lookedAt(), found.last(), found.more());
  }

  /// Derby looks at a thread when its row is fetched, so no further than to the last that is
  /// wanted.
  private static Found look(Connection connection, long room, ThreadQuery query)
      throws SQLException {
    boolean ofOne = query.participant().isPresent();
    try (PreparedStatement statement = connection.prepareStatement(ofOne ? OF_ONE : OF_ALL)) {
      int next = 1;
      if (ofOne) {
        long likeness = Likeness.ofReply(query.participant().get().value());
        statement.setLong(next++, likeness);
        statement.setLong(next++, likeness);
      }
      statement.setLong(next++, room);
      statement.setLong(next++, query.before());
      // One more shows whether there is more.
      statement.setInt(next, (ofOne ? query.mostLookedAt() : query.limit()) + 1);
      List<Row> wanted = new ArrayList<>();
      int lookedAt = 0;
      long last = 0;
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          if (wanted.size() == query.limit() || lookedAt == query.mostLookedAt()) {
            return new Found(wanted, lookedAt, last, true);
          }
          lookedAt++;
          last = rows.getLong(2);
          if (rows.getInt(3) == 1) {
            wanted.add(new Row(rows.getString(1), last));
          }
        }
      }
      return new Found(wanted, lookedAt, last, false);
    }
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

  private record Found(List<Row> rows, int lookedAt, long last, boolean more) {}
}
