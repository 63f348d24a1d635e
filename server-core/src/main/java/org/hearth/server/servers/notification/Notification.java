package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;

/// That an event has notified a user.
///
/// @param position where the event is in the room's order
/// @param actions of the rule that matched, as clients write them
/// @param read whether the user has read up to it
/// @param ts when the event was evaluated, in milliseconds since 1970; of an invitation when its
///   sender says that it was sent
public record Notification(
    long position,
    RoomId room,
    EventId event,
    List<JsonNode> actions,
    boolean highlight,
    boolean read,
    long ts) {
  /// Copies the list.
  public Notification {
    actions = List.copyOf(actions);
  }
}
