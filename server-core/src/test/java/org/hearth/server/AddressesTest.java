package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.Addresses.Link;
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
}
