package org.hearth.server.servers.room;

import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.ClientEventBytes;

/// A state event as it is told to everybody: one that is not redacted, and was sent by no device
/// that is to be told so.
///
/// @param position as of [RoomEvent]
public record EncodedEvent(LogPosition position, ClientEventBytes bytes) {}
