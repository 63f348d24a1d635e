package org.hearth.server.servers.room.read;

import java.util.List;
import java.util.Optional;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateJump;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;

/// The current states of rooms that are not simply the state after the last live event, by the
/// position from which on they hold.
///
/// **thread**: any.
final class CurrentStates {
  private static final String LAST =
      "SELECT position, snapshot FROM room_current WHERE room_nid = ? AND position <= ?"
          + " ORDER BY position DESC FETCH FIRST 1 ROWS ONLY";

  private static final String JUMPS =
      "SELECT position, changes FROM room_current WHERE room_nid = ? AND position > ?"
          + " AND changes IS NOT NULL ORDER BY position DESC FETCH FIRST ? ROWS ONLY";

  private final ReadPool reads;

  CurrentStates(ReadPool reads) {
    this.reads = reads;
  }

  /// From a position on, the current state was this.
  record Row(long position, long snapshot) {}

  /// At a position, the current state changed so without an event of the timeline.
  record Jumps(long position, List<StateJump> changes) {}

  /// The newest changes after a position, newest first.
  List<Jumps> jumps(long room, long after, int limit) {
    return reads.select(
        JUMPS,
        statement -> {
          statement.setLong(1, room);
          statement.setLong(2, after);
          statement.setInt(3, limit);
        },
        row -> new Jumps(row.getLong(1), StateJump.unpack(row.getBytes(2))));
  }

  /// The current state as it was: that after the last live event, unless a resolution has made it
  /// another since.
  Optional<Long> snapshotAt(RoomView room, long position, Timeline timeline, StoredEvents events) {
    Optional<Long> event = timeline.last(room.info().number(), position);
    Optional<Row> resolved = last(room.info().number(), position);
    if (resolved.isPresent() && resolved.get().position() >= event.orElse(0L)) {
      return Optional.of(resolved.get().snapshot());
    }
    return event.map(last -> events.get(last).stateAfter());
  }

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
