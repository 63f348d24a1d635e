package org.hearth.server.outbound;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// What requests to one destination came to since the start.
///
/// @param destination scheme, host, and the port unless it is the scheme's own
/// @param requests how many ended
/// @param failures how many of them got no response
/// @param time how long all of them took together
/// @param last when the last one ended
/// @param lastFailure why the last of the failures failed
public record DestinationFigures(
    String destination,
    long requests,
    long failures,
    Duration time,
    Instant last,
    Optional<Failure> lastFailure) {}
