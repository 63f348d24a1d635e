package org.hearth.server;

import java.lang.System.Logger.Level;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.configuration.Configuration;

/// The addresses at which clients reach the server.
final class Addresses {
  private static final System.Logger LOG = System.getLogger(Addresses.class.getName());

  private Addresses() {}

  /// The best first: the public one, then those with TLS.
  ///
  /// @param bound the listeners' own, in the order of the configuration; empty while there are none
  static List<String> of(Configuration configuration, List<InetSocketAddress> bound) {
    List<String> addresses = new ArrayList<>();
    configuration.publicBaseUrl().ifPresent(address -> addresses.add(address.toString()));
    for (boolean withTls : new boolean[] {true, false}) {
      for (int i = 0; i < bound.size(); i++) {
        Configuration.Listener listener = configuration.listeners().get(i);
        if (listener.tls().isPresent() == withTls) {
          addresses.add(
              (withTls ? "https://" : "http://")
                  + reachable(bound.get(i).getAddress(), listener.bind())
                  + ":"
                  + bound.get(i).getPort());
        }
      }
    }
    return addresses;
  }

  /// A listener on all addresses is told by one that others can reach this computer at.
  private static String reachable(InetAddress bound, String bind) {
    if (bound.isAnyLocalAddress()) {
      try {
        return NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
            .map(InetAddress::getHostAddress)
            .findFirst()
            .orElse("127.0.0.1");
      } catch (SocketException e) {
        LOG.log(Level.WARNING, "The addresses of this computer cannot be listed", e);
        return "127.0.0.1";
      }
    }
    return bind.contains(":") && !bind.startsWith("[") ? "[" + bind + "]" : bind;
  }
}
