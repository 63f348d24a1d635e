package org.hearth.server.servers.room;

import java.util.Optional;

/// An event to which there are replies in a thread.
///
/// @param root the event; empty if it is not in the room
/// @param latest the [RoomEvent#place] of the latest reply
public record ThreadRoot(Optional<RoomEvent> root, long latest) {}
