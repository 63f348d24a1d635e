package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.Addresses.Link;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationReader;
import org.junit.jupiter.api.Test;

/// Which of a computer's addresses people are told.
class AddressesTest {
  @Test
  void theNetworksAddressComesBeforeAContainers() throws UnknownHostException {
    assertThat(
            Addresses.ofTheNetwork(
                List.of(
                    link("lo", "127.0.0.1"),
                    link("docker0", "172.17.0.1"),
                    link("br-3f9a", "172.18.0.1"),
                    link("enp3s0", "192.168.1.20"))))
        .isEqualTo("192.168.1.20");
  }

  @Test
  void aTunnelsAddressAndOneGivenByItselfComeLast() throws UnknownHostException {
    assertThat(
            Addresses.ofTheNetwork(
                List.of(
                    link("tun0", "10.8.0.2"),
                    link("eth1", "169.254.3.4"),
                    link("wlan0", "10.0.0.7"))))
        .isEqualTo("10.0.0.7");
    assertThat(Addresses.ofTheNetwork(List.of(link("docker0", "172.17.0.1"))))
        .isEqualTo("172.17.0.1");
  }

  @Test
  void aComputerWithoutANetworkTellsTheLoopback() throws UnknownHostException {
    assertThat(Addresses.ofTheNetwork(List.of(link("lo", "127.0.0.1")))).isEqualTo("127.0.0.1");
  }

  private static Link link(String name, String... addresses) throws UnknownHostException {
    List<InetAddress> parsed = new ArrayList<>();
    for (String each : addresses) {
      parsed.add(InetAddress.getByName(each));
    }
    return new Link(name, parsed);
  }

  @Test
  void anAddressIsToldOnce() {
    Configuration configuration =
        ConfigurationReader.parse(
            Path.of("hearth.yaml"),
            """
            server-name: hearth.test
            public-base-url: http://127.0.0.1:8008
            listeners: [ { port: 8008 }, { bind: 127.0.0.2, port: 8008 } ]
            """);

    List<String> told =
        Addresses.of(
            configuration,
            List.of(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 8008),
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.2"), 8008)));

    assertThat(told).containsExactly("http://127.0.0.1:8008", "http://127.0.0.2:8008");
  }
}
