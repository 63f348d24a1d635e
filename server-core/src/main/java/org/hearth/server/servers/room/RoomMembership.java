package org.hearth.server.servers.room;

import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What a user is to a room, since when.
///
/// @param position the member event's position
/// @param forgotten whether the user has left and forgotten the room
public record RoomMembership(
    RoomId room, UserId user, Membership membership, LogPosition position, boolean forgotten) {}
