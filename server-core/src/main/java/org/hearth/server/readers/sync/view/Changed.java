package org.hearth.server.readers.sync.view;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;

/// In which rooms, or of which users, there was news of one kind, so that an answer visits these
/// and not all: of those that concern one user, or of all.
///
/// Of what was before its floor it knows nothing, and before it begins it knows nothing at all.
/// When it is full, those whose news is oldest go, and the floor rises.
///
/// **Shape:** id → position of its latest news, in the order of the positions. **Thread:** any.
///
/// @param <T> the ids
public final class Changed<T> {
  /// With the id and the nodes of the map.
  public static final int ENTRY_BYTES = 200;

  /// Of one user and kind: some 300 ids.
  static final int LARGEST_BYTES = 64 << 10;

  private static final LogPosition NEVER = new LogPosition(Long.MAX_VALUE);

  private final LinkedHashMap<T, LogPosition> newestLast = new LinkedHashMap<>();
  private final int largestBytes;
  private LogPosition floor = NEVER;

  /// The latest news that had to go.
  private LogPosition evicted = LogPosition.ORIGIN;

  /// Of what concerns one user; to be begun.
  Changed() {
    this(LARGEST_BYTES);
  }

  private Changed(int largestBytes) {
    this.largestBytes = largestBytes;
  }

  /// Of all news after that position.
  public static <T> Changed<T> after(LogPosition position, int largestBytes) {
    Changed<T> changed = new Changed<>(largestBytes);
    changed.beginAt(position);
    return changed;
  }

  /// From now on, all news after that position is noted here.
  synchronized void beginAt(LogPosition head) {
    if (floor.equals(NEVER)) {
      floor = evicted.isAfter(head) ? evicted : head;
    }
  }

  /// Notes news at that position, which is no earlier than those noted before.
  public synchronized void add(T id, LogPosition position) {
    newestLast.putLast(id, position);
    if (newestLast.size() * ENTRY_BYTES > largestBytes) {
      evicted = newestLast.pollFirstEntry().getValue();
      floor = evicted.isAfter(floor) ? evicted : floor;
    }
  }

  /// Those with news after that position; empty if that is not known any more.
  public synchronized Optional<Set<T>> since(LogPosition position) {
    if (floor.isAfter(position)) {
      return Optional.empty();
    }
    Set<T> ids = new HashSet<>();
    for (Map.Entry<T, LogPosition> each : newestLast.reversed().entrySet()) {
      if (!each.getValue().isAfter(position)) {
        break;
      }
      ids.add(each.getKey());
    }
    return Optional.of(ids);
  }

  synchronized long bytes() {
    return (long) newestLast.size() * ENTRY_BYTES;
  }
}
