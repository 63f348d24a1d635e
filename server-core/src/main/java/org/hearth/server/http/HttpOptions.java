package org.hearth.server.http;

import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.hearth.server.http.connection.Listener;

/// How the edge is set up.
///
/// @param listeners at least one
/// @param limits sizes, numbers and times
/// @param rateLimits how often
/// @param queryTokens whether `?access_token=` is accepted beside the `Authorization` header:
///   deprecated in the specification since v1.11
/// @param trustedProxies addresses whose `X-Forwarded-For` is believed
public record HttpOptions(
    List<Listener> listeners,
    HttpLimits limits,
    RateLimits rateLimits,
    boolean queryTokens,
    Set<InetAddress> trustedProxies) {
  public HttpOptions {
    listeners = List.copyOf(listeners);
    trustedProxies = Set.copyOf(trustedProxies);
    if (listeners.isEmpty()) {
      throw new IllegalArgumentException("at least one listener is needed");
    }
  }

  /// The usual options on those listeners.
  public static HttpOptions standard(List<Listener> listeners) {
    return new HttpOptions(
        listeners, HttpLimits.standard(), RateLimits.standard(), false, Set.of());
  }

  /// The same with other rate limits.
  public HttpOptions with(RateLimits other) {
    return new HttpOptions(listeners, limits, other, queryTokens, trustedProxies);
  }

  /// The same with other limits.
  public HttpOptions with(HttpLimits other) {
    return new HttpOptions(listeners, other, rateLimits, queryTokens, trustedProxies);
  }
}
