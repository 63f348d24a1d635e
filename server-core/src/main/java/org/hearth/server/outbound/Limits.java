package org.hearth.server.outbound;

import java.time.Duration;

/// What one request may cost.
///
/// @param connect the longest resolving of the name, and again the longest connecting
/// @param handshake the longest TLS handshake
/// @param answer the longest wait, from the request's last byte to the end of the response's
///   headers
/// @param whole the longest time for all together, waiting for a free connection included
/// @param headerBytes the most bytes of response headers
/// @param bodyBytes the most bytes of response body
public record Limits(
    Duration connect,
    Duration handshake,
    Duration answer,
    Duration whole,
    int headerBytes,
    int bodyBytes) {
  public Limits {
    if (headerBytes < 1 || bodyBytes < 0 || bodyBytes == Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "expected limits of bytes, found " + headerBytes + " and " + bodyBytes);
    }
  }

  /// The same, with another time for all together.
  public Limits withWhole(Duration other) {
    return new Limits(connect, handshake, answer, other, headerBytes, bodyBytes);
  }

  /// Half a minute at most, and a megabyte.
  public static Limits defaults() {
    return new Limits(
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        Duration.ofSeconds(20),
        Duration.ofSeconds(30),
        32 << 10,
        1 << 20);
  }
}
