package org.hearth.server.outbound;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// Turns the host of a destination into addresses that may be connected to.
///
/// A name is looked up once for a connection; the connection is made to the very addresses that
/// were checked here. If one address of a name is blocked, the name is refused as a whole: nobody
/// has good reasons to publish both kinds, and a choice among them would be the other side's to
/// play with.
///
/// Names are asked of the name servers by [NameServers], which needs no thread for one that does
/// not answer. Names that only the system knows are asked of the system.
///
/// **threads**: the system's lookups run on at most [#THREADS] platform threads, because the
/// system's lookup would hold a carrier of virtual threads. A lookup that nobody waits for any more
/// holds its thread until the system gives up.
///
/// **bound**: of the system's, [#PER_ZONE] lookups at a time for the names of one zone, so that its
/// silent name server holds no more threads than that; [#WAITING] wait for a thread.
final class Addresses implements AutoCloseable {
  static final int THREADS = 16;
  static final int WAITING = 256;
  static final int PER_ZONE = 4;

  /// RFC 1123 §2.1: no underscores, which neither [java.net.URI] nor the name in a TLS handshake
  /// can have. A last dot is not accepted.
  private static final Pattern NAME =
      Pattern.compile("(?=.{1,253}$)[a-z0-9-]{1,63}(\\.[a-z0-9-]{1,63})*");

  /// URL Standard, "ends in a number checker": what a lookup may read as an address.
  private static final Pattern ENDS_IN_NUMBER = Pattern.compile("(.*\\.)?([0-9]+|0x[0-9a-f]*)");

  private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
  private static final Pattern DOTTED_DECIMAL = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");

  private final Resolver resolver;
  private final BlockedNetworks networks;
  private final Set<String> allowedHosts;
  private final Zones zones = new Zones(PER_ZONE);
  private final Optional<NameServers> nameServers;
  private final ThreadPoolExecutor lookups =
      new ThreadPoolExecutor(
          THREADS,
          THREADS,
          30,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING),
          Thread.ofPlatform().daemon().name("outbound-lookup-", 0).factory());

  /// @param resolver asks the system
  /// @param nameServers asked for all names but those of the home; none: the system is asked for
  ///   all
  Addresses(Resolver resolver, Optional<NameServers> nameServers, OutboundOptions options) {
    this.resolver = resolver;
    this.nameServers = nameServers;
    this.networks = new BlockedNetworks(options.blockedNetworks(), options.allowedNetworks());
    this.allowedHosts = options.allowedHosts();
    lookups.allowCoreThreadTimeOut(true);
  }

  /// The addresses to connect to, the preferred first.
  List<InetAddress> of(Destination destination) throws FailureException, InterruptedException {
    Optional<InetAddress> literal = literal(destination.endpoint().host());
    List<InetAddress> found =
        literal.isPresent() ? List.of(literal.get()) : lookUp(destination.endpoint().host());
    for (InetAddress each : found) {
      check(destination, each);
    }
    return found;
  }

  /// Why nobody could be connected to; empty for a name, whose addresses are not known yet.
  Optional<Failure> refusal(Destination destination) {
    try {
      Optional<InetAddress> literal = literal(destination.endpoint().host());
      if (literal.isPresent()) {
        check(destination, literal.get());
      }
      return Optional.empty();
    } catch (FailureException e) {
      return Optional.of(e.failure());
    }
  }

  /// Whether the owner named that host as one whose addresses are not checked, which holds for no
  /// stranger.
  boolean isAllowed(Destination destination) {
    return !destination.ofStranger() && allowedHosts.contains(destination.connectedName());
  }

  private void check(Destination destination, InetAddress address) throws FailureException {
    if (!isAllowed(destination) && networks.blocks(address)) {
      throw new FailureException(
          new Failure.AddressBlocked(destination.endpoint().host(), address));
    }
  }

  /// The address that the host is; empty for a name.
  private static Optional<InetAddress> literal(String host) throws FailureException {
    if (host.startsWith("[") && host.endsWith("]") && !host.contains("%")) {
      return Optional.of(literal(host, host.substring(1, host.length() - 1)));
    }
    if (DOTTED_DECIMAL.matcher(host).matches()) {
      return Optional.of(literal(host, host));
    }
    if (ENDS_IN_NUMBER.matcher(host).matches() || !NAME.matcher(host).matches()) {
      throw new FailureException(new Failure.InvalidHost(host));
    }
    return Optional.empty();
  }

  private static InetAddress literal(String host, String text) throws FailureException {
    try {
      return host.startsWith("[") ? InetAddress.ofLiteral(text) : Inet4Address.ofLiteral(text);
    } catch (IllegalArgumentException _) {
      throw new FailureException(new Failure.InvalidHost(host));
    }
  }

  private List<InetAddress> lookUp(String name) throws FailureException, InterruptedException {
    return nameServers.isEmpty() || isOfTheHome(name)
        ? askSystem(name)
        : nameServers.get().addresses(name);
  }

  /// Names that only the system knows: of this computer, of the domain it is in, and what computers
  /// nearby call out (RFC 6761, RFC 6762).
  private static boolean isOfTheHome(String name) {
    return name.indexOf('.') < 0 || name.endsWith(".local") || name.endsWith(".localhost");
  }

  private List<InetAddress> askSystem(String name) throws FailureException, InterruptedException {
    String zone = Zones.of(name);
    zones.take(zone);
    FutureTask<List<InetAddress>> lookup = new FutureTask<>(() -> resolver.addresses(name));
    Runnable turn =
        () -> {
          try {
            lookup.run();
          } finally {
            zones.giveBack(zone);
          }
        };
    try {
      lookups.execute(turn);
    } catch (RejectedExecutionException _) {
      zones.giveBack(zone);
      throw new FailureException(new Failure.Busy());
    }
    try {
      List<InetAddress> found = List.copyOf(lookup.get());
      if (found.isEmpty()) {
        throw new FailureException(new Failure.NameNotFound(name, "it has no address"));
      }
      return found;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownHostException unknown) {
        throw new FailureException(new Failure.NameNotFound(name, Reasons.of(unknown)));
      }
      throw new IllegalStateException("the lookup of " + name + " failed", e.getCause());
    } finally {
      lookup.cancel(true);
      if (lookups.remove(turn)) {
        zones.giveBack(zone); // It had not begun.
      }
    }
  }

  @Override
  public void close() {
    lookups.shutdownNow();
  }
}
