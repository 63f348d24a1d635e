package org.hearth.server.http;

import java.time.Duration;
import org.hearth.server.http.connection.ConnectionLimits;

/// What the edge lets in: sizes, numbers and times. A home server on a small computer, open to the
/// world.
///
/// @param smallBodyBytes of [BodyLimit#SMALL]
/// @param standardBodyBytes of [BodyLimit#STANDARD]
/// @param largeBodyBytes of [BodyLimit#LARGE]
/// @param targetBytes of the request line, and so of path and query
/// @param headerBytes of all headers together
/// @param requests under way at the same time, waiting syncs included
/// @param bodyTime in which a body has to arrive, and an answer be taken beyond the time that its
///   size gives it
/// @param connections how many, and how long they may take to say what they want
/// @param streamedBodyBytes of [BodyLimit#STREAMED]: whatever a handler lets in is less
public record HttpLimits(
    int smallBodyBytes,
    int standardBodyBytes,
    int largeBodyBytes,
    int targetBytes,
    int headerBytes,
    int requests,
    Duration bodyTime,
    ConnectionLimits connections,
    long streamedBodyBytes) {
  /// Limits of a server that takes no files.
  public HttpLimits(
      int smallBodyBytes,
      int standardBodyBytes,
      int largeBodyBytes,
      int targetBytes,
      int headerBytes,
      int requests,
      Duration bodyTime,
      ConnectionLimits connections) {
    this(
        smallBodyBytes,
        standardBodyBytes,
        largeBodyBytes,
        targetBytes,
        headerBytes,
        requests,
        bodyTime,
        connections,
        largeBodyBytes);
  }

  /// The usual limits.
  public static HttpLimits standard() {
    return new HttpLimits(
        64 * 1024,
        1024 * 1024,
        16 * 1024 * 1024,
        16 * 1024,
        16 * 1024,
        4096,
        Duration.ofSeconds(30),
        ConnectionLimits.standard());
  }

  /// The same with other limits of connections.
  public HttpLimits with(ConnectionLimits other) {
    return new HttpLimits(
        smallBodyBytes,
        standardBodyBytes,
        largeBodyBytes,
        targetBytes,
        headerBytes,
        requests,
        bodyTime,
        other,
        streamedBodyBytes);
  }

  /// The same for a server that takes files of so many bytes.
  public HttpLimits withStreamedBodies(long mostBytes) {
    return new HttpLimits(
        smallBodyBytes,
        standardBodyBytes,
        largeBodyBytes,
        targetBytes,
        headerBytes,
        requests,
        bodyTime,
        connections,
        Math.max(mostBytes, largeBodyBytes));
  }

  /// The limit of that class of routes in bytes.
  int bytes(BodyLimit limit) {
    return switch (limit) {
      case SMALL -> smallBodyBytes;
      case STANDARD -> standardBodyBytes;
      case LARGE -> largeBodyBytes;
      case STREAMED -> throw new IllegalArgumentException("its handler reads the body");
    };
  }
}
