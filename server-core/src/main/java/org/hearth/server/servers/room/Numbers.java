package org.hearth.server.servers.room;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.concurrent.atomic.AtomicLong;
import org.hearth.server.store.ReadPool;

/// Numbers for new rooms and states. A number whose commit failed is not used again.
///
/// **thread**: any; several shards take numbers.
final class Numbers {
  private static final String LAST_ROOM = "SELECT MAX(room_nid) FROM room";
  private static final String LAST_STATE = "SELECT MAX(snapshot) FROM room_state";

  private final AtomicLong lastRoom;
  private final AtomicLong lastState;

  private Numbers(long lastRoom, long lastState) {
    this.lastRoom = new AtomicLong(lastRoom);
    this.lastState = new AtomicLong(lastState);
  }

  /// Goes on after the last numbers in the database.
  static Numbers after(ReadPool reads) {
    return new Numbers(last(reads, LAST_ROOM), last(reads, LAST_STATE));
  }

  long nextRoom() {
    return lastRoom.incrementAndGet();
  }

  long nextState() {
    return lastState.incrementAndGet();
  }

  private static long last(ReadPool reads, String sql) {
    return reads.read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(sql);
          ResultSet rows = statement.executeQuery()) {
        return rows.next() ? rows.getLong(1) : 0L;
      }
    });
  }
}
