package org.hearth.server.readers.events;

import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.RoomEvent;
import org.jspecify.annotations.Nullable;

/// What one user is told together with an event of the events that relate to it.
///
/// **Source:** [aggregations of child events][aggregations].
///
/// [aggregations]: https://spec.matrix.org/v1.19/client-server-api/#aggregations-of-child-events
///
/// @param edit the most recent edit; null for none
/// @param references what refers to the event, in the order of the room's history
/// @param thread empty if nobody replied in a thread
public record Bundle(
    @Nullable RoomEvent edit, List<EventId> references, Optional<ThreadSummary> thread) {
  static final Bundle NOTHING = new Bundle(null, List.of(), Optional.empty());

  public Bundle {
    references = List.copyOf(references);
  }

  boolean isEmpty() {
    return edit == null && references.isEmpty() && thread.isEmpty();
  }

  /// A thread.
  ///
  /// @param latest the latest reply that the user may see and did not ask to be spared
  /// @param count of the replies
  /// @param participated whether the user sent the root or a reply
  public record ThreadSummary(RoomEvent latest, long count, boolean participated) {}
}
