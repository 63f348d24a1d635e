package org.hearth.server.servers.room;

import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;

/// A room at one moment.
///
/// @param creator the sender of the create event
/// @param first the position of the create event
/// @param last the position of the newest event
/// @param counts its members
public record RoomSummary(
    RoomId id,
    RoomVersion version,
    UserId creator,
    LogPosition first,
    LogPosition last,
    MemberCounts counts) {}
