package org.hearth.server.outbound;

import java.net.InetAddress;
import java.util.Objects;

/// A network of addresses in CIDR notation.
///
/// @param base any address of the network
/// @param prefix how many leading bits its addresses have in common
public record Network(InetAddress base, int prefix) {
  public Network {
    Objects.requireNonNull(base);
    int bits = base.getAddress().length * Byte.SIZE;
    if (prefix < 0 || prefix > bits) {
      throw new IllegalArgumentException(
          "expected a prefix from 0 to " + bits + ", found " + prefix);
    }
  }

  /// Reads what the configuration says.
  ///
  /// @param text such as `10.0.0.0/8`, `fc00::/7`, or one address; never looked up as a name
  /// @throws IllegalArgumentException if it is no network
  public static Network parse(String text) {
    int slash = text.indexOf('/');
    InetAddress base = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
    return new Network(
        base,
        slash < 0
            ? base.getAddress().length * Byte.SIZE
            : Integer.parseInt(text.substring(slash + 1)));
  }

  /// An IPv4 address is never in an IPv6 network, nor the other way round.
  boolean contains(byte[] address) {
    byte[] own = base.getAddress();
    if (own.length != address.length) {
      return false;
    }
    int whole = prefix / Byte.SIZE;
    for (int i = 0; i < whole; i++) {
      if (own[i] != address[i]) {
        return false;
      }
    }
    int rest = prefix % Byte.SIZE;
    return rest == 0 || (own[whole] ^ address[whole]) >> (Byte.SIZE - rest) == 0;
  }

  @Override
  public String toString() {
    return base.getHostAddress() + "/" + prefix;
  }
}
