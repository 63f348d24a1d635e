package org.hearth.server.outbound;

/// Where a connection leads to.
///
/// @param host a name or an address, in small letters; an IPv6 address in its brackets
/// @param port the TCP port
public record Endpoint(String host, int port) {
  @Override
  public String toString() {
    return host + ":" + port;
  }
}
