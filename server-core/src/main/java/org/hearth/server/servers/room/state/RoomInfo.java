package org.hearth.server.servers.room.state;

import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;

/// What of a room never changes, and its growing list of state keys.
///
/// @param number the room's number in the tables
/// @param creator the sender of the create event
public record RoomInfo(
    long number, RoomId id, RoomVersion version, UserId creator, StateKeys keys) {}
