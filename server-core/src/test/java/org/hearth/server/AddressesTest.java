package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.hearth.server.Addresses.Link;
import org.hearth.server.admin.WayIn;
import org.hearth.server.admin.WayIn.Reach;
import org.hearth.server.admin.WayIn.Security;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.http.HttpServer.Bound;
import org.hearth.server.http.connection.ListenerCertificate;
import org.hearth.server.http.connection.ListenerCertificate.Signer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Which of a computer's addresses people are told.
class AddressesTest {
  @Test
  void theNetworksAddressComesBeforeAContainers() throws UnknownHostException {
    assertThat(
            network(
                link("lo", "127.0.0.1"),
                link("docker0", "172.17.0.1"),
                link("br-3f9a", "172.18.0.1"),
                link("enp3s0", "192.168.1.20")))
        .containsExactly("192.168.1.20");
  }

  @Test
  void aTunnelsAddressAndOneGivenByItselfComeLast() throws UnknownHostException {
    assertThat(
            network(
                link("tun0", "10.8.0.2"), link("eth1", "169.254.3.4"), link("wlan0", "10.0.0.7")))
        .containsExactly("10.0.0.7");
    assertThat(network(link("docker0", "172.17.0.1"))).containsExactly("172.17.0.1");
  }

  @Test
  void aListenerOnAllAddressesIsToldByEachOfTheNetworksWithItsLink() throws UnknownHostException {
    List<WayIn> ways =
        Addresses.of(
            configuration("listeners: [ { bind: 0.0.0.0, port: 8008 } ]"),
            List.of(plain("0.0.0.0", 8008)),
            List.of(
                link("enp3s0", "203.0.113.9"),
                link("veth12", "10.1.0.1"),
                link("wlan0", "192.168.1.20")),
            Instant.EPOCH);

    assertThat(ways)
        .containsExactly(
            new WayIn("http://192.168.1.20:8008", Optional.of("wlan0"), Reach.HOME, Security.PLAIN),
            new WayIn(
                "http://203.0.113.9:8008", Optional.of("enp3s0"), Reach.HOME, Security.PLAIN));
  }

  @Test
  void anAddressSaysWhatItsCertificateIsGoodFor() {
    Configuration configuration =
        configuration(
            "listeners: [ { bind: 192.0.2.7, port: 8448, tls: { certificate: c.pem, private-key: k.pem } } ]");

    assertThat(security(configuration, certified("192.0.2.7", 8448, "hearth.test"), Instant.EPOCH))
        .isEqualTo(Security.TRUSTED);
    assertThat(security(configuration, certified("192.0.2.7", 8448, "*.other.test"), Instant.EPOCH))
        .isEqualTo(Security.OTHER_NAME);
    assertThat(
            security(
                configuration,
                bound(Instant.EPOCH.plusSeconds(1), Signer.OTHER_AUTHORITY),
                Instant.EPOCH))
        .isEqualTo(Security.OWN_AUTHORITY);
    assertThat(
            security(
                configuration, bound(Instant.EPOCH.plusSeconds(1), Signer.ITSELF), Instant.EPOCH))
        .isEqualTo(Security.SELF_SIGNED);
    assertThat(
            security(
                configuration,
                bound(Instant.EPOCH, Signer.PUBLIC_AUTHORITY),
                Instant.EPOCH.plusSeconds(1)))
        .isEqualTo(Security.ENDED);
  }

  private static Security security(Configuration configuration, Bound bound, Instant now) {
    return Addresses.of(configuration, List.of(bound), List.of(), now).getFirst().security();
  }

  private static Bound bound(Instant end, Signer signer) {
    return new Bound(
        new InetSocketAddress(InetAddress.ofLiteral("192.0.2.7"), 8448),
        Optional.of(new ListenerCertificate(List.of("hearth.test"), List.of(), end, signer)));
  }

  private static List<String> network(Link... links) {
    return Addresses.ofTheNetwork(List.of(links)).stream()
        .map(choice -> choice.address().getHostAddress())
        .toList();
  }

  private static Addresses.Told told(Configuration configuration, List<Bound> bound) {
    return Addresses.Told.of(Addresses.of(configuration, bound, List.of(), Instant.EPOCH));
  }

  @Test
  void aComputerWithoutANetworkTellsTheLoopback() throws UnknownHostException {
    assertThat(network(link("lo", "127.0.0.1"))).isEmpty();
    assertThat(
            told(
                configuration("listeners: [ { bind: 0.0.0.0, port: 8008 } ]"),
                List.of(plain("0.0.0.0", 8008))))
        .isEqualTo(new Addresses.Told(List.of("http://127.0.0.1:8008"), true));
  }

  private static Link link(String name, String... addresses) throws UnknownHostException {
    List<InetAddress> parsed = new ArrayList<>();
    for (String each : addresses) {
      parsed.add(InetAddress.getByName(each));
    }
    return new Link(name, name, parsed);
  }

  @Test
  void anAddressIsToldOnce() {
    Configuration configuration =
        configuration(
            "public-base-url: http://127.0.0.1:8008",
            "listeners: [ { port: 8008 }, { bind: 127.0.0.2, port: 8008 } ]");

    Addresses.Told told =
        told(configuration, List.of(plain("127.0.0.1", 8008), plain("127.0.0.2", 8008)));

    assertThat(told.addresses()).containsExactly("http://127.0.0.1:8008", "http://127.0.0.2:8008");
    assertThat(told.ofThisComputerOnly()).isTrue();
  }

  @Test
  void whatOtherComputersReachComesBeforeTls() {
    Configuration configuration =
        configuration(
            "listeners: [ { port: 8448, tls: { certificate: c.pem, private-key: k.pem } }, { bind: 192.0.2.7, port: 8008 } ]");

    Addresses.Told told =
        told(
            configuration,
            List.of(certified("127.0.0.1", 8448, "hearth.test"), plain("192.0.2.7", 8008)));

    assertThat(told.addresses())
        .containsExactly("http://192.0.2.7:8008", "https://hearth.test:8448");
    assertThat(told.ofThisComputerOnly()).isFalse();
  }

  @Test
  void whereAllAreOfThisComputerThatIsTold() {
    String listeners = "listeners: [ { port: 8008 } ]";
    List<Bound> bound = List.of(plain("127.0.0.1", 8008));

    assertThat(told(configuration(listeners), bound).ofThisComputerOnly()).isTrue();
    assertThat(
            told(configuration("public-base-url: https://matrix.hearth.test", listeners), bound)
                .ofThisComputerOnly())
        .isFalse();
  }

  /// A certificate, and how its listener is told of.
  ///
  /// @param bind where it listens
  /// @param names what the certificate is for
  record Certified(String bind, List<String> names, String host) {}

  static Stream<Certified> aListenerWithTlsIsToldByWhatItsCertificateIsFor() {
    return Stream.of(
        new Certified("192.0.2.7", List.of("other.test", "hearth.test"), "hearth.test"),
        new Certified("192.0.2.7", List.of("*.test"), "hearth.test"),
        new Certified(
            "192.0.2.7", List.of("*.other.test", "matrix.other.test"), "matrix.other.test"),
        new Certified("192.0.2.7", List.of("192.0.2.7", "matrix.other.test"), "matrix.other.test"),
        new Certified("192.0.2.7", List.of("192.0.2.7"), "192.0.2.7"),
        new Certified("192.0.2.7", List.of("*.other.test"), "192.0.2.7"),
        new Certified("192.0.2.7", List.of(), "192.0.2.7"),
        new Certified("127.0.0.1", List.of("hearth.test", "127.0.0.1"), "127.0.0.1"),
        new Certified("127.0.0.1", List.of("hearth.test"), "hearth.test"),
        new Certified("::1", List.of("0:0:0:0:0:0:0:1", "hearth.test"), "[::1]"));
  }

  @ParameterizedTest
  @MethodSource
  void aListenerWithTlsIsToldByWhatItsCertificateIsFor(Certified each) {
    Configuration configuration =
        configuration(
            "listeners: [ { bind: '%s', port: 8448, tls: { certificate: c.pem, private-key: k.pem } } ]"
                .formatted(each.bind()));

    Addresses.Told told =
        told(
            configuration,
            List.of(certified(each.bind(), 8448, each.names().toArray(String[]::new))));

    assertThat(told.addresses()).containsExactly("https://" + each.host() + ":8448");
  }

  private static Configuration configuration(String... lines) {
    return ConfigurationReader.parse(
        Path.of("hearth.yaml"), "server-name: hearth.test\n" + String.join("\n", lines) + "\n");
  }

  private static Bound plain(String address, int port) {
    return new Bound(new InetSocketAddress(InetAddress.ofLiteral(address), port), Optional.empty());
  }

  private static Bound certified(String address, int port, String... names) {
    Predicate<String> isAddress = name -> name.matches("[0-9.:]+");
    return new Bound(
        new InetSocketAddress(InetAddress.ofLiteral(address), port),
        Optional.of(
            new ListenerCertificate(
                Stream.of(names).filter(isAddress.negate()).toList(),
                Stream.of(names).filter(isAddress).map(InetAddress::ofLiteral).toList(),
                Instant.MAX,
                Signer.PUBLIC_AUTHORITY)));
  }
}
