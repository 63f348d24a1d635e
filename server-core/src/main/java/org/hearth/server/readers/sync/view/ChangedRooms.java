package org.hearth.server.readers.sync.view;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;

/// In which rooms there was news of one kind, so that an answer visits these and not all: of one
/// user's rooms, or of all rooms.
///
/// Of what was before its floor it knows nothing, and before it begins it knows nothing at all.
/// When it is full, the rooms whose news is oldest go, and the floor rises.
///
/// **Shape:** room → position of its latest news, in the order of the positions. **Thread:** any.
public final class ChangedRooms {
  /// With the room's id and the nodes of the map.
  public static final int ROOM_BYTES = 200;

  /// Of one user and kind: some 300 rooms.
  static final int LARGEST_BYTES = 64 << 10;

  private static final LogPosition NEVER = new LogPosition(Long.MAX_VALUE);

  private final LinkedHashMap<RoomId, LogPosition> newestLast = new LinkedHashMap<>();
  private final int largestBytes;
  private LogPosition floor = NEVER;

  /// The latest news that had to go.
  private LogPosition evicted = LogPosition.ORIGIN;

  /// Of one user's rooms; to be begun.
  ChangedRooms() {
    this(LARGEST_BYTES);
  }

  private ChangedRooms(int largestBytes) {
    this.largestBytes = largestBytes;
  }

  /// Of all news after that position.
  public static ChangedRooms after(LogPosition position, int largestBytes) {
    ChangedRooms rooms = new ChangedRooms(largestBytes);
    rooms.beginAt(position);
    return rooms;
  }

  /// From now on, all news after that position is noted here.
  synchronized void beginAt(LogPosition head) {
    if (floor.equals(NEVER)) {
      floor = evicted.isAfter(head) ? evicted : head;
    }
  }

  /// Notes news at that position, which is no earlier than those noted before.
  public synchronized void add(RoomId room, LogPosition position) {
    newestLast.putLast(room, position);
    if (newestLast.size() * ROOM_BYTES > largestBytes) {
      evicted = newestLast.pollFirstEntry().getValue();
      floor = evicted.isAfter(floor) ? evicted : floor;
    }
  }

  /// The rooms with news after that position; empty if that is not known any more.
  public synchronized Optional<Set<RoomId>> since(LogPosition position) {
    if (floor.isAfter(position)) {
      return Optional.empty();
    }
    Set<RoomId> rooms = new HashSet<>();
    for (Map.Entry<RoomId, LogPosition> each : newestLast.reversed().entrySet()) {
      if (!each.getValue().isAfter(position)) {
        break;
      }
      rooms.add(each.getKey());
    }
    return Optional.of(rooms);
  }

  synchronized long bytes() {
    return (long) newestLast.size() * ROOM_BYTES;
  }
}
