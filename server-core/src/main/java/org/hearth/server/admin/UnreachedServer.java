package org.hearth.server.admin;

import java.time.Instant;
import org.hearth.server.outbound.federation.FailingServer;

/// Another server that could not be reached, and is left alone for a while.
///
/// @param name the server's
/// @param since when the first of the attempts failed that have all failed since
/// @param nextTry when it is tried again, if somebody wants something of it
/// @param lastError why the last attempt failed, in words
public record UnreachedServer(String name, Instant since, Instant nextTry, String lastError) {
  static UnreachedServer of(FailingServer server) {
    return new UnreachedServer(
        server.name().value(), server.failingSince(), server.nextTry(), server.lastError());
  }
}
