package org.hearth.server.servers.notification;

import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.jspecify.annotations.Nullable;

/// An event of a room that has notified members of it.
///
/// @param place where it is in the room's order
/// @param ts when it was evaluated, in milliseconds since 1970
/// @param thread the id of its thread's root, or [org.hearth.server.logs.ReceiptOutput#MAIN]
/// @param ways each member is in at most one of them
record CountedEvent(long place, long ts, EventId id, String thread, List<Way> ways) {
  static final int BYTES = 300;
  private static final int WAY_BYTES = 200;

  CountedEvent {
    ways = List.copyOf(ways);
  }

  /// The way in which it has notified a member; null if it has not.
  @Nullable Way of(int member) {
    for (Way each : ways) {
      if (each.members().get(member)) {
        return each;
      }
    }
    return null;
  }

  /// Forgets that it has notified a member.
  ///
  /// @return whether it has notified others
  boolean forget(int member) {
    ways.forEach(each -> each.members().clear(member));
    return ways.stream().anyMatch(each -> !each.members().isEmpty());
  }

  long bytes() {
    long bytes = BYTES;
    for (Way each : ways) {
      bytes += WAY_BYTES + each.members().size() / Byte.SIZE;
    }
    return bytes;
  }
}
