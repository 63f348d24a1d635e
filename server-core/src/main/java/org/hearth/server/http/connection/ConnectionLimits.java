package org.hearth.server.http.connection;

import java.time.Duration;

/// How many connections there may be, and how long they may take.
///
/// A **stranger** is a connection on which nobody has authenticated yet. Connections of trusted
/// proxies are many people's: they count for `most` only.
///
/// @param most open at the same time, at all listeners together; more wait to be accepted
/// @param mostOfAddress of one address (one /64 with IPv6); more are closed
/// @param strangers of all addresses; for one more, the first that has no request under way has to
///   go
/// @param strangersOfAddress the same, of one address
/// @param idle after which a connection without requests is closed
/// @param headTime in which a request line and its headers have to arrive: from connecting on, TLS
///   handshake included; on a connection that was used before, from the first byte on
/// @param backlog of connections that are not accepted yet
public record ConnectionLimits(
    int most,
    int mostOfAddress,
    int strangers,
    int strangersOfAddress,
    Duration idle,
    Duration headTime,
    int backlog) {
  private static final int MOST = 4096;
  private static final int FEWEST = 16;

  /// Descriptors that are left to the database, the log and requests to other servers.
  private static final int RESERVED_DESCRIPTORS = 512;

  /// The usual limits, as far as this process may have file descriptors.
  public static ConnectionLimits standard() {
    return within(Descriptors.limit());
  }

  /// The usual limits for a process that may have so many file descriptors.
  static ConnectionLimits within(long descriptors) {
    long left = Math.max(descriptors - RESERVED_DESCRIPTORS, descriptors / 4);
    int most = Math.clamp(left, FEWEST, MOST);
    return new ConnectionLimits(
        most, most / 2, most / 4, most / 8, Duration.ofMinutes(2), Duration.ofSeconds(15), 1024);
  }
}
