package org.hearth.server.outbound;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The networks that no request may reach, and the exceptions that the owner made.
///
/// Java's own tests (`isSiteLocalAddress` and the like) miss many of these networks, so they are
/// not used. An IPv6 address that carries an IPv4 address is judged by both: an exception for the
/// outer network does not open the inner address.
///
/// @param blocked what is refused
/// @param exceptions what is reached all the same; an exception wins over a blocked network
record BlockedNetworks(List<Network> blocked, List<Network> exceptions) {
  private static final Network COMPATIBLE = Network.parse("::/96");
  private static final Network NAT64 = Network.parse("64:ff9b::/96");
  private static final Network SIX_TO_FOUR = Network.parse("2002::/16");
  private static final Network TEREDO = Network.parse("2001::/32");

  BlockedNetworks {
    blocked = List.copyOf(blocked);
    exceptions = List.copyOf(exceptions);
  }

  boolean blocks(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return isBlocked(bytes);
    }
    if (isMapped(bytes)) {
      return isBlocked(Arrays.copyOfRange(bytes, 12, 16));
    }
    return isBlocked(bytes) || embedded(bytes).filter(this::isBlocked).isPresent();
  }

  private boolean isBlocked(byte[] address) {
    return exceptions.stream().noneMatch(each -> each.contains(address))
        && blocked.stream().anyMatch(each -> each.contains(address));
  }

  /// `::ffff:0:0/96` is another spelling of the IPv4 address. Java reads it as that one; an
  /// `Inet6Address` made from bytes with a scope can hold it all the same.
  private static boolean isMapped(byte[] bytes) {
    for (int i = 0; i < 10; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return bytes[10] == -1 && bytes[11] == -1;
  }

  /// The IPv4 address that a packet to this IPv6 address would be handed on to.
  private static Optional<byte[]> embedded(byte[] bytes) {
    if (isLoopbackOrUnspecified(bytes)) {
      return Optional.empty();
    }
    if (COMPATIBLE.contains(bytes) || NAT64.contains(bytes)) {
      return Optional.of(Arrays.copyOfRange(bytes, 12, 16));
    }
    if (SIX_TO_FOUR.contains(bytes)) {
      return Optional.of(Arrays.copyOfRange(bytes, 2, 6));
    }
    if (TEREDO.contains(bytes)) {
      // RFC 4380 §4: the client's IPv4 address, each bit inverted.
      byte[] client = Arrays.copyOfRange(bytes, 12, 16);
      for (int i = 0; i < client.length; i++) {
        client[i] = (byte) ~client[i];
      }
      return Optional.of(client);
    }
    return Optional.empty();
  }

  /// `::` and `::1` lie in the compatible range, and carry no IPv4 address.
  private static boolean isLoopbackOrUnspecified(byte[] bytes) {
    for (int i = 0; i < 15; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return bytes[15] == 0 || bytes[15] == 1;
  }
}
