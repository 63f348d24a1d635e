package org.hearth.server.services.staging;

import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;

/// An event that is staged.
///
/// @param number of this staging; later ones have higher numbers
/// @param origin the server that has handed it over, which need not be its sender's
/// @param stagedMillis when, in milliseconds since 1970
/// @param bytes of its canonical JSON
public record StagedEvent(
    long number, ServerName origin, RoomId room, EventId event, long stagedMillis, int bytes) {}
