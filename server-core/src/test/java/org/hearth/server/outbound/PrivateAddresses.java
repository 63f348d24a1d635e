package org.hearth.server.outbound;

import java.util.List;
import java.util.stream.Stream;
import org.xbill.DNS.Type;

/// Ways to write an address that nobody outside may have this server connect to, and names that
/// lead there.
public final class PrivateAddresses {
  /// Addresses of private networks and of this computer, and what stands for them in IPv6.
  public static final List<String> LITERAL =
      List.of(
          "127.0.0.1",
          "127.0.0.2",
          "127.255.255.254",
          "0.0.0.0",
          "10.0.0.1",
          "100.64.0.1",
          "169.254.169.254",
          "172.16.0.1",
          "172.31.255.255",
          "192.0.0.192",
          "192.168.0.1",
          "198.18.0.1",
          "224.0.0.1",
          "240.0.0.1",
          "255.255.255.255",
          "[::]",
          "[::1]",
          "[0:0:0:0:0:0:0:1]",
          "[::127.0.0.1]",
          "[::ffff:127.0.0.1]",
          "[::ffff:7f00:1]",
          "[::ffff:a00:1]",
          "[::ffff:0:7f00:1]",
          "[64:ff9b::7f00:1]",
          "[64:ff9b::169.254.169.254]",
          "[64:ff9b:1::7f00:1]",
          "[2001:db8::1]",
          "[2002:7f00:1::]",
          "[2002:c0a8:1::1]",
          "[fc00::1]",
          "[fd00::1]",
          "[fe80::1]",
          "[fec0::1]",
          "[ff02::1]");

  /// What some programs read as 127.0.0.1, or as another address of this computer.
  public static final List<String> ODD =
      List.of(
          "0",
          "127.1",
          "127.0.1",
          "127.0.0.1.",
          "2130706433",
          "017700000001",
          "0177.0.0.1",
          "0177.0.0.01",
          "0x7f.0.0.1",
          "0x7f000001",
          "0x7F.1",
          "00000127.0.0.1",
          "127.0.0.1%00",
          "127.0.0.1%2f",
          "[::1%25lo]",
          "[::ffff:127.1]",
          "%31%32%37.0.0.1",
          "127。0。0。1",
          "①②⑦.0.0.1",
          "x@127.0.0.1",
          "x:y@127.0.0.1",
          "127.0.0.1#",
          "127.0.0.1\\@example.org");

  /// Names that only this computer knows.
  public static final List<String> OF_THE_HOME =
      List.of("localhost", "LOCALHOST", "localhost.", "a.localhost", "ip6-localhost");

  /// Names in the name server of a test that lead to private addresses.
  public static final List<String> NAMED =
      List.of(
          "private4.example.org",
          "private6.example.org",
          "mapped.example.org",
          "alias.example.org",
          "both.example.org",
          "PRIVATE4.Example.ORG",
          "private4.example.org.");

  private PrivateAddresses() {}

  /// All of them.
  public static Stream<String> all() {
    return Stream.of(LITERAL, ODD, OF_THE_HOME, NAMED).flatMap(List::stream);
  }

  /// Has a name server of a test know the names.
  public static void name(DnsServer dns) {
    dns.with("private4.example.org", Type.A, "127.0.0.1");
    dns.with("private6.example.org", Type.AAAA, "::1");
    dns.with("mapped.example.org", Type.AAAA, "64:ff9b::7f00:1");
    dns.with("alias.example.org", Type.CNAME, "private4.example.org.");
    dns.with("both.example.org", Type.A, "93.184.216.20");
    dns.with("both.example.org", Type.A, "10.0.0.1");
  }
}
