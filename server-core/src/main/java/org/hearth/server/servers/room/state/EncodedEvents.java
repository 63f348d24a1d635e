package org.hearth.server.servers.room.state;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.ClientEventBytes;
import org.hearth.server.servers.room.EncodedEvent;
import org.hearth.server.store.ReadPool;

/// Committed state events as everybody is told them, read from the table `room_event` and kept in
/// memory within a budget of bytes: first syncs tell the same states to many users.
///
/// **thread**: any; `redacted` the committer's only.
public final class EncodedEvents {
  private static final int BASE_BYTES = 200;

  /// So many events are read by one statement.
  private static final int AT_ONCE = 16;

  private static final String AT_MANY =
      "SELECT position, place, redacted_by, transaction_id, event_id, json"
          + " FROM room_event --DERBY-PROPERTIES constraint=room_event_pk\n WHERE position IN (?"
          + ", ?".repeat(AT_ONCE - 1)
          + ")";

  private final ReadPool reads;
  private final GuardedCache<Long, EncodedEvent> events;

  EncodedEvents(ReadPool reads, long maximumBytes) {
    this.reads = reads;
    this.events =
        new GuardedCache<>(maximumBytes, (_, event) -> BASE_BYTES + event.bytes().json().length);
  }

  /// The events of those numbers, by number; without those that are not told alike to everybody,
  /// are large, or damaged: they are to be read as others are.
  public Map<Long, EncodedEvent> find(List<Long> positions) {
    return events.getAll(positions, this::read);
  }

  /// An event was redacted by a commit.
  void redacted(long position) {
    events.invalidate(position);
  }

  private Map<Long, EncodedEvent> read(List<Long> positions) {
    return reads.read(connection -> {
      Map<Long, EncodedEvent> all = new HashMap<>();
      try (PreparedStatement statement = connection.prepareStatement(AT_MANY)) {
        for (int next = 0; next < positions.size(); next += AT_ONCE) {
          read(statement, positions, next, all);
        }
      }
      return all;
    });
  }

  /// Reads the next [#AT_ONCE] positions; what is over of the places in the statement takes the
  /// last one again.
  private static void read(
      PreparedStatement statement, List<Long> positions, int from, Map<Long, EncodedEvent> into)
      throws SQLException {
    int last = positions.size() - 1;
    for (int i = 0; i < AT_ONCE; i++) {
      statement.setLong(i + 1, positions.get(Math.min(from + i, last)));
    }
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        boolean isTheSameToAll = rows.getLong(3) == 0 && rows.getString(4) == null;
        byte[] json = rows.getBytes(6);
        if (isTheSameToAll && json != null) {
          long number = rows.getLong(1);
          long place = rows.getLong(2);
          LogPosition position = new LogPosition(Places.isLive(place) ? place : number);
          ClientEventBytes.of(rows.getString(5), json)
              .ifPresent(bytes -> into.put(number, new EncodedEvent(position, bytes)));
        }
      }
    }
  }
}
