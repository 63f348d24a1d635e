package org.hearth.server.services.staging;

import java.time.Instant;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;

/// An event that another server has handed over and that does not count here.
///
/// @param origin the server that has handed it over
/// @param event empty if it is so wrong that it has no id
/// @param rule that it breaks; stable
/// @param detail for the operator; contains what the peer wrote
public record PeerRejection(
    Instant time,
    ServerName origin,
    RoomId room,
    Optional<EventId> event,
    String rule,
    String detail) {}
