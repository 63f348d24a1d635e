package org.hearth.server.servers.room.check;

import java.lang.System.Logger.Level;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;

/// Checks everything that the Room Server takes for granted about its tables: event ids and hashes
/// of states, layers and edges, extremities and current states, the index of memberships,
/// positions.
///
/// **thread**: any, on a database that nobody writes meanwhile.
public final class RoomDatabaseCheck {
  private static final System.Logger LOG = System.getLogger(RoomDatabaseCheck.class.getName());
  private static final long EVENT_BYTES = 16L << 20;
  private static final String ROOMS = "SELECT room_id FROM room ORDER BY room_id";
  private static final List<String> ENTRIES =
      List.of(
          "SELECT position FROM room_event",
          "SELECT position FROM room_current WHERE changes IS NOT NULL",
          "SELECT position FROM room_placed");

  private RoomDatabaseCheck() {}

  /// What is wrong, a sentence each; empty if all is well.
  ///
  /// @throws StorageException if the database itself fails
  public static List<String> problems(Store store) {
    ReadPool reads = store.reads();
    StoredEvents events = new StoredEvents(reads, EVENT_BYTES);
    List<String> problems = new ArrayList<>(positions(reads, store.head().value()));
    for (RoomId room : rooms(reads)) {
      try {
        problems.addAll(RoomCheck.problems(reads, events, room));
      } catch (StorageException e) {
        if (e.isUnavailable()) {
          throw e; // It says nothing of the room, and every other room would say the same.
        }
        problems.add("%s cannot be read: %s".formatted(room, e.getMessage()));
      } catch (RuntimeException e) {
        LOG.log(Level.DEBUG, room + " cannot be read", e);
        problems.add("%s cannot be read: %s".formatted(room, e.getMessage()));
      }
    }
    return problems;
  }

  private static List<RoomId> rooms(ReadPool reads) {
    return reads.select(ROOMS, row -> RoomId.parse(row.getString(1)));
  }

  /// No two entries have one position, and none is after the last.
  private static List<String> positions(ReadPool reads, long head) {
    return reads.read(connection -> {
      List<String> problems = new ArrayList<>();
      Set<Long> seen = new HashSet<>();
      for (String sql : ENTRIES) {
        try (PreparedStatement statement = connection.prepareStatement(sql);
            ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            long position = rows.getLong(1);
            if (!seen.add(position)) {
              problems.add("two entries have the position " + position);
            }
            if (position < 1 || position > head) {
              problems.add("an entry has the position %d of %d".formatted(position, head));
            }
          }
        }
      }
      return problems;
    });
  }
}
