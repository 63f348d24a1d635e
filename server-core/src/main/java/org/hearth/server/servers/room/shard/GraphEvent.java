package org.hearth.server.servers.room.shard;

import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Places;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.servers.room.state.StoredEvents;
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
public record GraphEvent(
    EventRef ref,
    Pdu event,
    long room,
    Standing standing,
    @Nullable String rule,
    long stateBefore,
    long stateAfter,
    boolean inTimeline) {

  /// A committed event.
  public static GraphEvent of(StoredEvents.Stored stored) {
    Pdu event = stored.shown().pdu();
    return new GraphEvent(
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
