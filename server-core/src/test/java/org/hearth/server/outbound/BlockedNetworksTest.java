package org.hearth.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockedNetworksTest {
  private static final BlockedNetworks NETWORKS =
      new BlockedNetworks(OutboundOptions.PRIVATE_NETWORKS, List.of());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:10.0.0.1",
        "::ffff:0:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:2:0:ffff::1",
        "2001:10::1",
        "2001:1f:ffff::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "3fff::1",
        "3fff:fff:ffff::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1"
      })
  void blocksEverySpellingOfAPrivateAddress(String address) {
    assertThat(NETWORKS.blocks(InetAddress.ofLiteral(address))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2002:808:808::1",
        "2001:2:1::1",
        "2001:20::1",
        "2001:4860:4860::8888",
        "3fff:1000::1",
        "5f01::1",
        "2606:4700::1111"
      })
  void leavesThePublicInternetOpen(String address) {
    assertThat(NETWORKS.blocks(InetAddress.ofLiteral(address))).isFalse();
  }

  @Test
  void anExceptionOpensItsNetworkOnly() {
    BlockedNetworks home =
        new BlockedNetworks(
            OutboundOptions.PRIVATE_NETWORKS,
            List.of(Network.parse("192.168.1.7"), Network.parse("64:ff9b::/96")));

    assertThat(home.blocks(InetAddress.ofLiteral("192.168.1.7"))).isFalse();
    assertThat(home.blocks(InetAddress.ofLiteral("192.168.1.8"))).isTrue();
    assertThat(home.blocks(InetAddress.ofLiteral("64:ff9b::8.8.8.8"))).isFalse();
    assertThat(home.blocks(InetAddress.ofLiteral("64:ff9b::10.0.0.1"))).isTrue();
  }
}
