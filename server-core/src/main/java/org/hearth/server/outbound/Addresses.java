package org.hearth.server.outbound;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
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
/// **threads**: lookups run on at most [#THREADS] platform threads, because the system's lookup
/// would hold a carrier of virtual threads. A lookup that nobody waits for any more holds its
/// thread until the system gives up.
///
/// **bound**: [#PER_ZONE] lookups at a time for the names of one zone, so that its silent name
/// server holds no more threads than that; [#WAITING] wait for a thread.
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
  private final Zones zones = new Zones();
  private final ThreadPoolExecutor lookups =
      new ThreadPoolExecutor(
          THREADS,
          THREADS,
          30,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING),
          Thread.ofPlatform().daemon().name("outbound-lookup-", 0).factory());

  Addresses(Resolver resolver, OutboundOptions options) {
    this.resolver = resolver;
    this.networks = new BlockedNetworks(options.blockedNetworks(), options.allowedNetworks());
    this.allowedHosts = options.allowedHosts();
    lookups.allowCoreThreadTimeOut(true);
  }

  /// The addresses to connect to, the preferred first.
  List<InetAddress> of(Destination destination) throws FailureException, InterruptedException {
    Optional<InetAddress> literal = literal(destination.host());
    List<InetAddress> found =
        literal.isPresent() ? List.of(literal.get()) : lookUp(destination.host());
    for (InetAddress each : found) {
      check(destination, each);
    }
    return found;
  }

  /// Why nobody could be connected to; empty for a name, whose addresses are not known yet.
  Optional<Failure> refusal(Destination destination) {
    try {
      Optional<InetAddress> literal = literal(destination.host());
      if (literal.isPresent()) {
        check(destination, literal.get());
      }
      return Optional.empty();
    } catch (FailureException e) {
      return Optional.of(e.failure());
    }
  }

  /// Whether the owner named that host as one whose addresses are not checked.
  boolean isAllowed(Destination destination) {
    return allowedHosts.contains(destination.name());
  }

  private void check(Destination destination, InetAddress address) throws FailureException {
    if (!isAllowed(destination) && networks.blocks(address)) {
      throw new FailureException(new Failure.AddressBlocked(destination.host(), address));
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
    String zone = zone(name);
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

  /// The last two labels: mostly what one owner's name servers answer for, sometimes what many
  /// owners share (`co.uk`).
  private static String zone(String name) {
    int last = name.lastIndexOf('.');
    return name.substring(name.lastIndexOf('.', last - 1) + 1);
  }

  /// Lets so many lookups of one zone go on at a time.
  private static final class Zones {
    private final Map<String, Turns> all = new HashMap<>();

    private static final class Turns {
      private final Semaphore free = new Semaphore(PER_ZONE, true);

      /// Those who wait or have a turn; guarded by the zones' lock.
      private int users;
    }

    void take(String zone) throws InterruptedException {
      Turns turns;
      synchronized (this) {
        turns = all.computeIfAbsent(zone, _ -> new Turns());
        turns.users++;
      }
      try {
        turns.free.acquire();
      } catch (InterruptedException e) {
        leave(zone);
        throw e;
      }
    }

    void giveBack(String zone) {
      leave(zone).free.release();
    }

    private synchronized Turns leave(String zone) {
      Turns turns = Objects.requireNonNull(all.get(zone), "whoever leaves has entered");
      turns.users--;
      if (turns.users == 0) {
        all.remove(zone);
      }
      return turns;
    }
  }

  @Override
  public void close() {
    lookups.shutdownNow();
  }
}
