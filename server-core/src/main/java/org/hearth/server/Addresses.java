package org.hearth.server;

import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.http.connection.ListenerCertificate;
import org.hearth.server.matrix.id.ServerName;

/// The addresses at which clients reach the server.
final class Addresses {
  private static final System.Logger LOG = System.getLogger(Addresses.class.getName());

  private static final String LOOPBACK = "127.0.0.1";

  /// How systems call the links of containers, virtual machines and tunnels.
  private static final List<String> INNER =
      List.of(
          "docker",
          "br-",
          "veth",
          "virbr",
          "vmnet",
          "vboxnet",
          "podman",
          "cni",
          "lxc",
          "lxd",
          "flannel",
          "cali",
          "tun",
          "tap",
          "utun",
          "wg",
          "tailscale",
          "zt",
          "bridge",
          "vethernet");

  private Addresses() {}

  /// What people are told.
  ///
  /// @param addresses the best first
  /// @param ofThisComputerOnly whether no other computer reaches any of them
  record Told(List<String> addresses, boolean ofThisComputerOnly) {
    Told {
      addresses = List.copyOf(addresses);
    }
  }

  /// Where a listener is reached.
  private record Reached(String address, boolean withTls, boolean here) {}

  /// The best first: the public one, then those that other computers reach, of either those with
  /// TLS. Each once, whatever it is named for.
  ///
  /// @param bound the listeners' own, in the order of the configuration; empty while there are none
  static Told of(Configuration configuration, List<HttpServer.Bound> bound) {
    List<Reached> found = new ArrayList<>();
    configuration
        .publicBaseUrl()
        .ifPresent(each -> found.add(new Reached(each.toString(), true, isHere(each.getHost()))));
    String server = ServerName.parse(configuration.serverName()).host();
    IntStream.range(0, bound.size())
        .mapToObj(i -> reached(configuration.listeners().get(i), bound.get(i), server))
        .sorted(Comparator.comparing(Reached::here).thenComparing(each -> !each.withTls()))
        .forEach(found::add);
    return new Told(
        found.stream().map(Reached::address).distinct().toList(),
        !found.isEmpty() && found.stream().allMatch(Reached::here));
  }

  private static boolean isHere(String host) {
    return host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
  }

  private static Reached reached(
      Configuration.Listener listener, HttpServer.Bound bound, String server) {
    String address = reachable(bound.address().getAddress(), listener.bind());
    boolean here = bound.address().getAddress().isLoopbackAddress() || address.equals(LOOPBACK);
    String host =
        bound
            .certificate()
            .flatMap(certificate -> certified(certificate, server, address, here))
            .orElse(address);
    boolean withTls = bound.certificate().isPresent();
    return new Reached(
        (withTls ? "https://" : "http://") + host + ":" + bound.address().getPort(), withTls, here);
  }

  /// For what a client accepts the certificate: the server's name, or else the first that is no
  /// zone's. Nobody's name leads to a listener that only this computer reaches.
  ///
  /// @return empty if that is the address, or nothing
  private static Optional<String> certified(
      ListenerCertificate certificate, String server, String address, boolean here) {
    if (here && certificate.covers(address)) {
      return Optional.empty();
    }
    return certificate.covers(server)
        ? Optional.of(server)
        : certificate.names().stream().filter(name -> !name.startsWith("*")).findFirst();
  }

  /// A listener on all addresses is told by one that others can reach this computer at.
  private static String reachable(InetAddress bound, String bind) {
    if (bound.isAnyLocalAddress()) {
      try {
        return ofTheNetwork(
            NetworkInterface.networkInterfaces()
                .filter(Addresses::isUp)
                .map(Addresses::of)
                .toList());
      } catch (SocketException e) {
        LOG.log(Level.WARNING, "The addresses of this computer cannot be listed", e);
        return LOOPBACK;
      }
    }
    return bind.contains(":") && !bind.startsWith("[") ? "[" + bind + "]" : bind;
  }

  /// A way out of this computer.
  ///
  /// @param name the system's, such as `eth0`
  /// @param addresses of this computer on it
  record Link(String name, List<InetAddress> addresses) {
    Link {
      addresses = List.copyOf(addresses);
    }

    /// Whether it leads to containers, virtual machines or a tunnel rather than to a network.
    boolean isInner() {
      return INNER.stream().anyMatch(name.toLowerCase(Locale.ROOT)::startsWith);
    }
  }

  /// The address that others of the home's network use: a private one of a real link before a
  /// public one, either before one that a computer gave itself and before those of containers and
  /// tunnels.
  static String ofTheNetwork(List<Link> links) {
    return links.stream()
        .flatMap(link ->
            link.addresses().stream()
                .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
                .map(address -> new Choice(link.isInner(), address)))
        .min(
            Comparator.comparing(Choice::inner)
                .thenComparing(choice -> choice.address().isLinkLocalAddress())
                .thenComparing(choice -> !choice.address().isSiteLocalAddress()))
        .map(choice -> choice.address().getHostAddress())
        .orElse(LOOPBACK);
  }

  private record Choice(boolean inner, InetAddress address) {}

  private static Link of(NetworkInterface each) {
    return new Link(each.getName(), each.inetAddresses().toList());
  }

  private static boolean isUp(NetworkInterface each) {
    try {
      return each.isUp();
    } catch (SocketException e) {
      LOG.log(Level.DEBUG, "The link " + each.getName() + " cannot be asked whether it is up", e);
      return false;
    }
  }

  /// Where a server of that configuration listens.
  ///
  /// @throws UncheckedIOException if an address is none of this computer
  static List<Listener> listeners(Configuration configuration) {
    return configuration.listeners().stream().map(Addresses::listener).toList();
  }

  private static Listener listener(Configuration.Listener listener) {
    try {
      return new Listener(
          InetAddress.getByName(listener.bind()),
          listener.port(),
          listener.tls().map(tls -> new Listener.Tls(tls.certificate(), tls.privateKey())));
    } catch (UnknownHostException e) {
      throw new UncheckedIOException(
          "the address to bind, " + listener.bind() + ", is none of this computer", e);
    }
  }
}
