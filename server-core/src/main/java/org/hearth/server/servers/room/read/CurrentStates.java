package org.hearth.server.servers.room.read;

import java.util.Optional;
import org.hearth.server.store.ReadPool;

/// The current states of rooms that are not simply the state after the last live event, by the
/// position from which on they hold.
///
/// **thread**: any.
final class CurrentStates {
  private static final String LAST =
      "SELECT position, snapshot FROM room_current WHERE room_nid = ? AND position <= ?"
          + " ORDER BY position DESC FETCH FIRST 1 ROWS ONLY";

  private final ReadPool reads;

  CurrentStates(ReadPool reads) {
    this.reads = reads;
  }

  /// From a position on, the current state was this.
  record Row(long position, long snapshot) {}

  /// The newest that is not after a position.
  Optional<Row> last(long room, long upTo) {
    return reads.first(
        LAST,
        statement -> {
          statement.setLong(1, room);
          statement.setLong(2, upTo);
        },
        row -> new Row(row.getLong(1), row.getLong(2)));
  }
}
