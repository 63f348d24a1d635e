package org.hearth.server.http;

import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.hearth.server.http.connection.Connections;
import org.hearth.server.http.connection.Deadlines;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.http.connection.ListenerCertificate;
import org.hearth.server.http.connection.OpenListener;
import org.hearth.server.http.connection.PortInUseException;
import org.hearth.server.http.connection.Protocol;
import org.hearth.server.http.connection.StopSignal;
import org.hearth.server.http.connection.UnusableKeyException;
import org.hearth.server.http.peers.Peers;

/// The edge of the server: its listeners and what runs behind them.
///
/// **thread**: start, reload and stop from one thread at a time; the rest from any.
public final class HttpServer {
  private static final Logger LOG = System.getLogger(HttpServer.class.getName());

  /// For requests that are still under way when all others have ended or the grace is over.
  private static final Duration LAST_GRACE = Duration.ofMillis(500);

  private final Router router;
  private final Dispatcher.Lifetime lifetime;
  private final Connections connections;
  private final List<OpenListener> open = new ArrayList<>();

  private HttpServer(Router router, Dispatcher.Lifetime lifetime, Connections connections) {
    this.router = router;
    this.lifetime = lifetime;
    this.connections = connections;
  }

  /// Loads what the first start of a process has to load, for a thread that runs while something
  /// else is opened.
  public static void warmUp() {
    Listening.warmUp();
  }

  /// Reads every listener's certificate and key, opens its port and closes it again: what would be
  /// refused is refused before there is something to serve.
  ///
  /// @param listeners as for [#start]
  /// @throws UnusableKeyException if a certificate or key cannot be used
  /// @throws PortInUseException if something else listens on one of the ports
  /// @throws UncheckedIOException if an address cannot be bound
  public static void check(List<Listener> listeners) {
    listeners.forEach(OpenListener::check);
  }

  /// Who tells who calls.
  ///
  /// @param authenticator of users
  /// @param peers of other servers
  public record Callers(Authenticator authenticator, Peers peers) {
    /// Users only: no other server may say anything.
    public static Callers users(Authenticator authenticator) {
      return new Callers(authenticator, Peers.none());
    }
  }

  /// Opens the listeners. Either all are open afterwards or none.
  ///
  /// @param clock for rate limits
  /// @param onDeath told, in a sentence, when a listener ends that was not stopped
  /// @throws PortInUseException if something else listens on one of the ports
  /// @throws UncheckedIOException if a certificate or key cannot be read, or an address cannot be
  ///   bound
  public static HttpServer start(
      HttpOptions options,
      List<RouteGroup> groups,
      Callers callers,
      InstantSource clock,
      Consumer<String> onDeath) {
    Router router = new Router();
    groups.forEach(group -> group.register(router));
    Dispatcher.Lifetime lifetime =
        new Dispatcher.Lifetime(new InFlight(), new Deadlines(), new StopSignal());
    Dispatcher dispatcher =
        new Dispatcher(
            router,
            options,
            callers,
            new RateLimiter(options.rateLimits(), clock),
            new ErrorHandlers(RandomGenerator.getDefault()),
            lifetime);
    Connections connections =
        new Connections(
            options.limits().connections(), options.trustedProxies(), lifetime.deadlines());
    lifetime.stopping().whenRaised(connections::stopWaiting);
    HttpServer server = new HttpServer(router, lifetime, connections);
    Protocol protocol = Listening.protocol(options.limits(), dispatcher);
    try {
      for (Listener listener : options.listeners()) {
        server.open.add(OpenListener.open(listener, protocol, connections, onDeath));
      }
    } catch (RuntimeException e) {
      server.stop(Duration.ZERO);
      throw e;
    }
    server.open.forEach(each ->
        LOG.log(
            Level.DEBUG,
            "listening on {0}, {1}",
            each.address(),
            each.isSecure() ? "TLS" : "plain"));
    return server;
  }

  /// The addresses that are listened on, in the order of the options; with the ports that the
  /// system chose.
  public List<InetSocketAddress> addresses() {
    return open.stream().map(OpenListener::address).toList();
  }

  /// A listener that is open.
  ///
  /// @param address with the port that the system chose
  /// @param certificate what its certificate says; empty without TLS
  public record Bound(InetSocketAddress address, Optional<ListenerCertificate> certificate) {}

  /// The listeners, in the order of the options.
  public List<Bound> listeners() {
    return open.stream().map(each -> new Bound(each.address(), each.certificate())).toList();
  }

  /// Reads certificates and keys again; connections made from now on use them.
  ///
  /// @throws UncheckedIOException if one cannot be read; the old ones then stay in use
  public void reloadTls() {
    open.forEach(OpenListener::reloadTls);
  }

  /// What was done so far.
  public HttpFigures figures() {
    InFlight counted = lifetime.inFlight();
    return new HttpFigures(
        counted.underWay(),
        counted.requests(),
        counted.serverErrors(),
        counted.limited(),
        connections.figures(),
        router.all().stream()
            .map(route -> route.counters().figures(route.toString()))
            .filter(figures -> figures.requests() > 0)
            .toList());
  }

  /// Raised as the first step of [#stop].
  public StopSignal stopping() {
    return lifetime.stopping();
  }

  /// Stops: those who wait are told, requests under way may end, new ones are refused with 503,
  /// then all is closed.
  ///
  /// @param grace how long requests under way may take to end; they are interrupted then
  public void stop(Duration grace) {
    lifetime.stopping().raise();
    try {
      if (!lifetime.inFlight().awaitNone(grace)) {
        LOG.log(
            Level.WARNING,
            "{0} requests did not end within {1} ms and are interrupted",
            lifetime.inFlight().underWay(),
            grace.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    open.reversed().forEach(OpenListener::close);
    connections.end(LAST_GRACE);
    lifetime.deadlines().close();
  }
}
