package org.hearth.server.servers.room;

import org.hearth.server.matrix.event.Pdu;
import org.jspecify.annotations.Nullable;

/// An event as a shard knows it, committed or under way.
///
/// @param ref leads to it
/// @param event as it was sent, or its redacted form
/// @param room the number of its room
/// @param standing what it counts for
/// @param rule that soft-failed or rejected it
/// @param stateBefore the state before it; of no meaning without a place in the graph
/// @param stateAfter the state after it; of no meaning without a place in the graph
/// @param inTimeline whether it is shown
record Known(
    EventRef ref,
    Pdu event,
    long room,
    Standing standing,
    @Nullable String rule,
    long stateBefore,
    long stateAfter,
    boolean inTimeline) {

  /// A committed event.
  static Known of(StoredEvents.Stored stored) {
    Pdu event = stored.shown().pdu();
    return new Known(
        EventRef.at(stored.number(), event),
        event,
        stored.room(),
        stored.standing(),
        stored.rule(),
        stored.stateBefore(),
        stored.stateAfter(),
        stored.shown().place() != Places.NONE);
  }
}
