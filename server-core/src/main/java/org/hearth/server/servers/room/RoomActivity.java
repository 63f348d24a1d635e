package org.hearth.server.servers.room;

import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;

/// Between what events a room is.
///
/// @param first the position of the create event
/// @param last the position of the newest event
public record RoomActivity(RoomId room, LogPosition first, LogPosition last) {}
