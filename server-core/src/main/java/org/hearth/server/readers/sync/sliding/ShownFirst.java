package org.hearth.server.readers.sync.sliding;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.id.RoomId;

/// The events of the timelines of rooms that the client had not before an answer.
///
/// **Bound:** so many events; rooms after those are [#isLeftOut]. **Thread:** one request's.
final class ShownFirst {
  /// Clients ask for some hundreds at first.
  static final int MOST = 10_000;

  private final Map<RoomId, Set<String>> events = new HashMap<>();
  private final Set<RoomId> leftOut = new HashSet<>();
  private int left;

  ShownFirst(int most) {
    this.left = most;
  }

  void add(RoomId room, List<String> shown) {
    Set<String> kept = Set.copyOf(shown.subList(0, Math.min(left, shown.size())));
    left -= kept.size();
    events.put(room, kept);
    if (kept.size() < shown.size()) {
      leftOut.add(room);
    }
  }

  /// Whether not all of a room's events are known: what concerns them is told later.
  boolean isLeftOut(RoomId room) {
    return leftOut.contains(room);
  }

  /// The events of a room; empty if the client had the room.
  Optional<Set<String>> of(RoomId room) {
    return Optional.ofNullable(events.get(room));
  }
}
