package org.hearth.server.servers.room.shard;

import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.RoomRows;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.servers.room.state.StoredEvents;
import org.jspecify.annotations.Nullable;

/// An event that a decision adds to a room.
///
/// @param transaction under which a device of this server sent it
/// @param room the number of its room
public record AddedEvent(
    EventRef ref,
    Pdu event,
    @Nullable ClientTransaction transaction,
    long room,
    GraphRows.Verdict verdict) {

  RoomRows.@Nullable Place place() {
    return verdict.place();
  }

  long stateBefore() {
    return place() == null ? 0 : place().before().number();
  }

  long made() {
    StateSnapshot made = place() == null ? null : place().made();
    return made == null ? 0 : made.number();
  }

  GraphEvent known() {
    return new GraphEvent(
        ref,
        event,
        room,
        verdict.standing(),
        verdict.rule(),
        stateBefore(),
        made() == 0 ? stateBefore() : made(),
        verdict.shown() != GraphRows.Shown.NOWHERE);
  }

  /// As it is kept in memory, once it has its number.
  StoredEvents.Stored stored() {
    long position = ref.position();
    EventRef replaces = place() == null ? null : place().replaces();
    return new StoredEvents.Stored(
        position,
        new RoomEvent(
            new LogPosition(position),
            event,
            null,
            transaction,
            replaces == null ? null : new LogPosition(replaces.position()),
            verdict.shown().place(position, event)),
        room,
        stateBefore(),
        made(),
        verdict.standing(),
        verdict.rule(),
        verdict.shown() == GraphRows.Shown.LIVE_AND_SENT_ON);
  }
}
