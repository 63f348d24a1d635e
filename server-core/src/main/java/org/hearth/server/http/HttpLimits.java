package org.hearth.server.http;

import java.time.Duration;

/// What the edge lets in: sizes, numbers and times. A home server on a small computer, open to the
/// world.
///
/// @param smallBodyBytes of [BodyLimit#SMALL]
/// @param standardBodyBytes of [BodyLimit#STANDARD]
/// @param largeBodyBytes of [BodyLimit#LARGE]
/// @param targetBytes of the request line, and so of path and query
/// @param headerBytes of all headers together
/// @param connections open at the same time, per listener
/// @param requests under way at the same time, per listener, waiting syncs included
/// @param idleConnection after which a connection without requests is closed
/// @param headerTime in which the headers have to arrive, once the request line is there
/// @param bodyTime in which a body has to arrive
/// @param backlog of connections that are not accepted yet
public record HttpLimits(
    int smallBodyBytes,
    int standardBodyBytes,
    int largeBodyBytes,
    int targetBytes,
    int headerBytes,
    int connections,
    int requests,
    Duration idleConnection,
    Duration headerTime,
    Duration bodyTime,
    int backlog) {

  /// The usual limits.
  public static HttpLimits standard() {
    return new HttpLimits(
        64 * 1024,
        1024 * 1024,
        16 * 1024 * 1024,
        16 * 1024,
        16 * 1024,
        4096,
        4096,
        Duration.ofMinutes(2),
        Duration.ofSeconds(15),
        Duration.ofSeconds(30),
        1024);
  }

  /// The limit of that class of routes in bytes.
  int bytes(BodyLimit limit) {
    return switch (limit) {
      case SMALL -> smallBodyBytes;
      case STANDARD -> standardBodyBytes;
      case LARGE -> largeBodyBytes;
    };
  }
}
