package org.hearth.server.outbound;

/// Whom connections lead to. Requests to one destination share its connections.
///
/// @param tls whether they are encrypted
/// @param host whom the certificate must name: a name or an address, in small letters; an IPv6
///   address in its brackets
/// @param endpoint where the connections lead: mostly that host, and somebody else's machine where
///   discovery says so
/// @param ofStranger whether a stranger has chosen it; connections are not shared with those that
///   this server has chosen itself, which may lead where a stranger's do not
record Destination(boolean tls, String host, Endpoint endpoint, boolean ofStranger) {
  /// The host as a certificate names it.
  String name() {
    return bare(host);
  }

  /// The host that is connected to, as it is looked up.
  String connectedName() {
    return bare(endpoint.host());
  }

  private static String bare(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  @Override
  public String toString() {
    String at = endpoint.port() == (tls ? 443 : 80) ? host : host + ":" + endpoint.port();
    return (tls ? "https://" : "http://")
        + at
        + (endpoint.host().equals(host) ? "" : " at " + endpoint.host());
  }
}
