package org.hearth.server.services.account;

import java.time.Instant;
import java.util.Optional;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;

/// A device that is logged in.
///
/// @param displayName what the user calls it
/// @param lastSeen when it was logged in or last sent a request; a few minutes out of date; of
///   older versions' devices that never did, empty
/// @param lastSeenAddress the address it last came from
/// @param userAgent what the program called itself then; empty if it did not say
public record Device(
    UserId user,
    DeviceId id,
    Optional<String> displayName,
    Optional<Instant> lastSeen,
    Optional<String> lastSeenAddress,
    Optional<String> userAgent) {}
