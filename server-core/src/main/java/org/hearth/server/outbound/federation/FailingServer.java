package org.hearth.server.outbound.federation;

import java.time.Instant;
import org.hearth.server.matrix.id.ServerName;

/// A server that could not be reached.
///
/// @param name whose
/// @param failingSince when the first of the attempts failed that have all failed since
/// @param nextTry when it is tried again; it may have passed, when nobody wanted anything since
/// @param lastError why the last attempt failed, in words
public record FailingServer(
    ServerName name, Instant failingSince, Instant nextTry, String lastError) {}
