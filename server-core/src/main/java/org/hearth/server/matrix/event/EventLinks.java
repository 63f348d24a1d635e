package org.hearth.server.matrix.event;

import java.util.List;
import java.util.Map;
import org.hearth.server.matrix.id.EventId;

/// The place in a room's graph that a new event gets.
///
/// @param prevEvents the forward extremities it follows, at most 20
/// @param authEvents the state that allows it, at most 10
/// @param depth one more than the greatest depth of those before; a greater one than the room
///   version allows is lowered to the limit
/// @param originServerTs when it is made; milliseconds since 1970
/// @param referenceHashes of all those events in unpadded base64, for room versions 1 and 2 only,
///   whose references have them
public record EventLinks(
    List<EventId> prevEvents,
    List<EventId> authEvents,
    long depth,
    long originServerTs,
    Map<EventId, String> referenceHashes) {
  public EventLinks {
    prevEvents = List.copyOf(prevEvents);
    authEvents = List.copyOf(authEvents);
    referenceHashes = Map.copyOf(referenceHashes);
  }

  /// A place in a room of version 3 or later.
  public EventLinks(
      List<EventId> prevEvents, List<EventId> authEvents, long depth, long originServerTs) {
    this(prevEvents, authEvents, depth, originServerTs, Map.of());
  }
}
