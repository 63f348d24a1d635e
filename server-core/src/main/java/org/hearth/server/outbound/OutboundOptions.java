package org.hearth.server.outbound;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.configuration.Configuration;

/// What the owner decided about outgoing requests.
///
/// @param blockedNetworks what is refused; [#PRIVATE_NETWORKS] unless the owner names others
/// @param allowedNetworks exceptions from it
/// @param allowedHosts names and addresses that are not checked, such as that of a push gateway in
///   the same home; the owner trusts whoever answers for them. Not where a stranger has chosen the
///   address ([OutboundRequest#ofStranger])
/// @param trustedCertificates PEM files of certificates that are trusted beside the system's
/// @param connectionsPerDestination the most requests under way to one scheme, host and port
/// @param connections the most requests under way to all
public record OutboundOptions(
    List<Network> blockedNetworks,
    List<Network> allowedNetworks,
    Set<String> allowedHosts,
    List<Path> trustedCertificates,
    int connectionsPerDestination,
    int connections) {
  /// Everything that is not the public internet.
  public static final List<Network> PRIVATE_NETWORKS =
      Configuration.Outbound.PRIVATE_NETWORKS.stream().map(Network::parse).toList();

  public OutboundOptions {
    blockedNetworks = List.copyOf(blockedNetworks);
    allowedNetworks = List.copyOf(allowedNetworks);
    allowedHosts =
        allowedHosts.stream()
            .map(each -> each.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    trustedCertificates = List.copyOf(trustedCertificates);
    if (connectionsPerDestination < 1 || connections < connectionsPerDestination) {
      throw new IllegalArgumentException(
          "expected 1 ≤ connections per destination ≤ connections, found "
              + connectionsPerDestination
              + " and "
              + connections);
    }
  }

  /// What the configuration says.
  public static OutboundOptions of(Configuration.Outbound configured) {
    OutboundOptions defaults = defaults();
    return new OutboundOptions(
        configured.blockedNetworks().stream().map(Network::parse).toList(),
        defaults.allowedNetworks,
        Set.copyOf(configured.allowedHosts()),
        configured.trustedCertificates(),
        defaults.connectionsPerDestination,
        defaults.connections);
  }

  /// Private networks are refused, the system's certificates trusted.
  public static OutboundOptions defaults() {
    return new OutboundOptions(PRIVATE_NETWORKS, List.of(), Set.of(), List.of(), 8, 512);
  }
}
