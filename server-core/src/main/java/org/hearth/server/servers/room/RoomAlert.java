package org.hearth.server.servers.room;

import java.time.Instant;
import org.hearth.server.matrix.id.RoomId;

/// Something about a room that its people should look at.
///
/// @param raised when it was noticed
/// @param text what happened, in a sentence
public record RoomAlert(RoomId room, Instant raised, String text) {}
