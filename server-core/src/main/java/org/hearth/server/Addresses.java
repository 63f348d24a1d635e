package org.hearth.server;

import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hearth.server.admin.WayIn;
import org.hearth.server.certificates.HomeAuthority;
import org.hearth.server.certificates.Hosts;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.DataFolder;
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

    static Told of(List<WayIn> ways) {
      return new Told(
          ways.stream().map(WayIn::url).toList(),
          !ways.isEmpty()
              && ways.stream().allMatch(way -> way.reach() == WayIn.Reach.THIS_COMPUTER));
    }
  }

  /// The best first: the public one, then those that other computers reach, of either those with
  /// TLS. Each once, whatever it is named for.
  ///
  /// @param bound the listeners' own, in the order of the configuration; empty while there are none
  /// @param links of this computer
  static List<WayIn> of(
      Configuration configuration, List<HttpServer.Bound> bound, List<Link> links, Instant now) {
    List<WayIn> found = new ArrayList<>();
    configuration.publicBaseUrl().map(Addresses::said).ifPresent(found::add);
    String server = ServerName.parse(configuration.serverName()).host();
    IntStream.range(0, bound.size())
        .boxed()
        .flatMap(i -> reached(configuration.listeners().get(i), bound.get(i), server, links, now))
        .sorted(
            Comparator.comparing((WayIn way) -> way.reach() == WayIn.Reach.THIS_COMPUTER)
                .thenComparing(way -> way.security() == WayIn.Security.PLAIN))
        .forEach(found::add);
    Set<String> urls = new HashSet<>();
    return found.stream().filter(way -> urls.add(way.url())).toList();
  }

  private static WayIn said(URI address) {
    boolean here = isHere(String.valueOf(address.getHost()));
    return new WayIn(
        address.toString(),
        Optional.empty(),
        here ? WayIn.Reach.THIS_COMPUTER : WayIn.Reach.ANOTHER_PROGRAM,
        "https".equals(address.getScheme()) ? WayIn.Security.UNSEEN : WayIn.Security.PLAIN);
  }

  private static boolean isHere(String host) {
    return host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
  }

  /// The ways to one listener; several where it is on all addresses.
  private static Stream<WayIn> reached(
      Configuration.Listener listener,
      HttpServer.Bound bound,
      String server,
      List<Link> links,
      Instant now) {
    InetAddress address = bound.address().getAddress();
    if (!address.isAnyLocalAddress()) {
      boolean six = listener.bind().contains(":") && !listener.bind().startsWith("[");
      return Stream.of(
          way(
              listener,
              bound,
              six ? "[" + listener.bind() + "]" : listener.bind(),
              address.isLoopbackAddress() ? Optional.empty() : linkOf(address, links),
              address.isLoopbackAddress(),
              server,
              now));
    }
    List<Choice> choices = ofTheNetwork(links);
    return choices.isEmpty()
        ? Stream.of(way(listener, bound, LOOPBACK, Optional.empty(), true, server, now))
        : choices.stream()
            .map(choice ->
                way(
                    listener,
                    bound,
                    choice.address().getHostAddress(),
                    Optional.of(choice.link().told()),
                    false,
                    server,
                    now));
  }

  private static Optional<String> linkOf(InetAddress address, List<Link> links) {
    return links.stream()
        .filter(link -> link.addresses().contains(address))
        .map(Link::told)
        .findFirst();
  }

  private static WayIn way(
      Configuration.Listener listener,
      HttpServer.Bound bound,
      String address,
      Optional<String> link,
      boolean here,
      String server,
      Instant now) {
    Optional<String> certified =
        bound
            .certificate()
            .flatMap(
                certificate -> certified(certificate, server, address, here || isOwn(listener)));
    String host = certified.orElse(address);
    return new WayIn(
        (bound.certificate().isPresent() ? "https://" : "http://")
            + host
            + ":"
            + bound.address().getPort(),
        certified.isPresent() ? Optional.empty() : link,
        here ? WayIn.Reach.THIS_COMPUTER : WayIn.Reach.HOME,
        bound
            .certificate()
            .map(certificate -> security(certificate, host, now))
            .orElse(WayIn.Security.PLAIN));
  }

  private static WayIn.Security security(
      ListenerCertificate certificate, String host, Instant now) {
    if (certificate.end().isBefore(now)) {
      return WayIn.Security.ENDED;
    }
    if (!certificate.covers(host)) {
      return WayIn.Security.OTHER_NAME;
    }
    return switch (certificate.signer()) {
      case PUBLIC_AUTHORITY -> WayIn.Security.TRUSTED;
      case OTHER_AUTHORITY -> WayIn.Security.OWN_AUTHORITY;
      case ITSELF -> WayIn.Security.SELF_SIGNED;
    };
  }

  /// The server's own authority certifies addresses, which need no name that leads here.
  private static boolean isOwn(Configuration.Listener listener) {
    return listener.tls().filter(Configuration.Tls.ByHomeAuthority.class::isInstance).isPresent();
  }

  /// For what a client accepts the certificate: the server's name, or else the first that is no
  /// zone's. Nobody's name leads to a listener that only this computer reaches.
  ///
  /// @return empty if that is the address, or nothing
  private static Optional<String> certified(
      ListenerCertificate certificate, String server, String address, boolean byAddress) {
    if (byAddress && certificate.covers(address)) {
      return Optional.empty();
    }
    return certificate.covers(server)
        ? Optional.of(server)
        : certificate.names().stream().filter(name -> !name.startsWith("*")).findFirst();
  }

  /// The links of this computer that are up.
  static List<Link> links() {
    try {
      return NetworkInterface.networkInterfaces()
          .filter(Addresses::isUp)
          .map(Addresses::of)
          .toList();
    } catch (SocketException e) {
      LOG.log(Level.WARNING, "The addresses of this computer cannot be listed", e);
      return List.of();
    }
  }

  /// A way out of this computer.
  ///
  /// @param name the system's, such as `eth0`
  /// @param told as the system tells people, which may be the same
  /// @param addresses of this computer on it
  record Link(String name, String told, List<InetAddress> addresses) {
    Link {
      addresses = List.copyOf(addresses);
    }

    /// Whether it leads to containers, virtual machines or a tunnel rather than to a network.
    boolean isInner() {
      return INNER.stream().anyMatch(name.toLowerCase(Locale.ROOT)::startsWith);
    }
  }

  /// An address of this computer.
  record Choice(Link link, InetAddress address) {
    private int rank() {
      return (link.isInner() ? 2 : 0) + (address.isLinkLocalAddress() ? 1 : 0);
    }
  }

  /// The addresses that others of the home's network use, the private ones before the public ones.
  /// One that a computer gave itself is no choice where there is a better one, nor are those of
  /// containers and tunnels.
  ///
  /// @return empty for a computer in no network
  static List<Choice> ofTheNetwork(List<Link> links) {
    List<Choice> all =
        links.stream()
            .flatMap(link ->
                link.addresses().stream()
                    .filter(
                        address -> address instanceof Inet4Address && !address.isLoopbackAddress())
                    .map(address -> new Choice(link, address)))
            .toList();
    int best = all.stream().mapToInt(Choice::rank).min().orElse(0);
    return all.stream()
        .filter(choice -> choice.rank() == best)
        .sorted(Comparator.comparing(choice -> !choice.address().isSiteLocalAddress()))
        .toList();
  }

  private static Link of(NetworkInterface each) {
    String shown = String.valueOf(each.getDisplayName());
    return new Link(
        each.getName(),
        each.getName().startsWith("wl") ? "Wi-Fi, " + shown : shown,
        each.inetAddresses().toList());
  }

  private static boolean isUp(NetworkInterface each) {
    try {
      return each.isUp();
    } catch (SocketException e) {
      LOG.log(Level.DEBUG, "The link " + each.getName() + " cannot be asked whether it is up", e);
      return false;
    }
  }

  /// What devices at home call this computer: the server's name, that of the computer where mDNS
  /// tells it, and its addresses.
  static Hosts atHome(Configuration configuration, List<Link> links) {
    String server = ServerName.parse(configuration.serverName()).host();
    List<String> names = new ArrayList<>(List.of(server, "localhost"));
    computer().map(name -> name + ".local").ifPresent(names::add);
    List<InetAddress> addresses = new ArrayList<>(List.of(InetAddress.ofLiteral(LOOPBACK)));
    ofTheNetwork(links).stream().map(Choice::address).forEach(addresses::add);
    return new Hosts(names, addresses);
  }

  /// The first label of the name of this computer.
  private static Optional<String> computer() {
    try {
      return Optional.of(InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT))
          .map(name -> name.contains(".") ? name.substring(0, name.indexOf('.')) : name)
          .filter(name -> name.matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"))
          .filter(name -> !name.equals("localhost"));
    } catch (UnknownHostException e) {
      LOG.log(Level.DEBUG, "This computer has no name that leads to it", e);
      return Optional.empty();
    }
  }

  /// Where a server of that configuration listens.
  ///
  /// @throws UncheckedIOException if an address is none of this computer
  static List<Listener> listeners(Configuration configuration, DataFolder folder) {
    Path certified = folder.root().resolve(DataFolder.CERTIFICATES);
    return configuration.listeners().stream().map(each -> listener(each, certified)).toList();
  }

  private static Listener listener(Configuration.Listener listener, Path certified) {
    try {
      return new Listener(
          InetAddress.getByName(listener.bind()),
          listener.port(),
          listener
              .tls()
              .map(tls ->
                  switch (tls) {
                    case Configuration.Tls.FromFiles(Path certificate, Path privateKey) ->
                        new Listener.Tls(certificate, privateKey);
                    case Configuration.Tls.ByHomeAuthority() ->
                        new Listener.Tls(
                            HomeAuthority.certificate(certified),
                            HomeAuthority.privateKey(certified));
                  }));
    } catch (UnknownHostException e) {
      throw new UncheckedIOException(
          "the address to bind, " + listener.bind() + ", is none of this computer", e);
    }
  }
}
