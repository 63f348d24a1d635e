package org.hearth.server.http;

import java.net.InetAddress;
import java.util.List;
import java.util.Set;

/// Where a request came from. What `X-Forwarded-For` says is believed only of a proxy that the
/// configuration names: its last entry was written by that proxy; those before it by whoever it
/// trusts.
final class RemoteAddress {
  private final Set<InetAddress> trustedProxies;

  RemoteAddress(Set<InetAddress> trustedProxies) {
    this.trustedProxies = trustedProxies;
  }

  /// The address of the client.
  ///
  /// @param peer the other end of the connection
  /// @param forwardedFor all values of the header, in their order
  InetAddress of(InetAddress peer, List<String> forwardedFor) {
    InetAddress address = peer;
    List<String> entries =
        forwardedFor.stream().flatMap(value -> List.of(value.split(",", -1)).stream()).toList();
    for (String entry : entries.reversed()) {
      if (!isTrusted(address)) {
        return address;
      }
      try {
        address = InetAddress.ofLiteral(withoutPort(entry.strip()));
      } catch (IllegalArgumentException e) {
        return address; // "unknown" or worse: the last one that is known
      }
    }
    return address;
  }

  private boolean isTrusted(InetAddress address) {
    return trustedProxies.contains(address);
  }

  /// `192.0.2.1:4711` and `[2001:db8::1]:4711` without the port.
  private static String withoutPort(String entry) {
    if (entry.startsWith("[")) {
      int end = entry.indexOf(']');
      return end < 0 ? entry : entry.substring(1, end);
    }
    int colon = entry.indexOf(':');
    boolean portFollows = colon >= 0 && colon == entry.lastIndexOf(':');
    return portFollows ? entry.substring(0, colon) : entry;
  }
}
