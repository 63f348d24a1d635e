package org.hearth.server.outbound;

/// Whom connections lead to. Requests to one destination share its connections.
///
/// @param tls whether they are encrypted
/// @param host a name or an address, in small letters; an IPv6 address in its brackets
/// @param port the TCP port
record Destination(boolean tls, String host, int port) {
  /// The host as it is looked up and as a certificate names it.
  String name() {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /// What the `Host` header says.
  String authority() {
    return port == (tls ? 443 : 80) ? host : host + ":" + port;
  }

  @Override
  public String toString() {
    return (tls ? "https://" : "http://") + authority();
  }
}
