package org.hearth.server.http;

import io.helidon.webserver.WebServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// The edge of the server: its listeners and what runs behind them.
///
/// **thread**: start, reload and stop from one thread at a time; the rest from any.
public final class HttpServer {
  private static final Logger LOG = System.getLogger(HttpServer.class.getName());

  /// An open listener.
  private record Open(InetSocketAddress address, Optional<TlsKeys> keys, WebServer server) {}

  private final Router router;
  private final Dispatcher.Lifetime lifetime;
  private final List<Open> open = new ArrayList<>();

  private HttpServer(Router router, Dispatcher.Lifetime lifetime) {
    this.router = router;
    this.lifetime = lifetime;
  }

  /// Loads what the first start of a process has to load, for a thread that runs while something
  /// else is opened.
  public static void warmUp() {
    Listening.warmUp();
  }

  /// Opens the listeners. Either all are open afterwards or none.
  ///
  /// @param clock for rate limits
  /// @throws PortInUseException if something else listens on one of the ports
  /// @throws UncheckedIOException if a certificate or key cannot be read, or an address cannot be
  ///   bound
  public static HttpServer start(
      HttpOptions options,
      List<RouteGroup> groups,
      Authenticator authenticator,
      InstantSource clock) {
    Router router = new Router();
    groups.forEach(group -> group.register(router));
    Dispatcher.Lifetime lifetime =
        new Dispatcher.Lifetime(new InFlight(), new Deadlines(), new StopSignal());
    Dispatcher dispatcher =
        new Dispatcher(
            router,
            options,
            authenticator,
            new RateLimiter(options.rateLimits(), clock),
            new ErrorHandlers(RandomGenerator.getDefault()),
            lifetime);
    HttpServer server = new HttpServer(router, lifetime);
    try {
      for (Listener listener : options.listeners()) {
        server.open.add(open(listener, options.limits(), dispatcher, lifetime.deadlines()));
      }
    } catch (RuntimeException e) {
      server.stop(Duration.ZERO);
      throw e;
    }
    server.open.forEach(each ->
        LOG.log(
            Level.INFO,
            "listening on {0}, {1}",
            each.address(),
            each.keys().isPresent() ? "TLS" : "plain"));
    return server;
  }

  /// The addresses that are listened on, in the order of the options; with the ports that the
  /// system chose.
  public List<InetSocketAddress> addresses() {
    return open.stream().map(Open::address).toList();
  }

  /// Reads certificates and keys again; connections made from now on use them.
  ///
  /// @throws UncheckedIOException if one cannot be read; the old ones then stay in use
  public void reloadTls() {
    open.forEach(each -> each.keys().ifPresent(TlsKeys::reload));
  }

  /// What was done so far.
  public HttpFigures figures() {
    InFlight counted = lifetime.inFlight();
    return new HttpFigures(
        counted.underWay(),
        counted.requests(),
        counted.serverErrors(),
        counted.limited(),
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
    open.reversed().forEach(each -> each.server().stop());
    lifetime.deadlines().close();
  }

  private static Open open(
      Listener listener, HttpLimits limits, Dispatcher dispatcher, Deadlines deadlines) {
    Optional<TlsKeys> keys = listener.tls().map(TlsKeys::new);
    checkFree(listener);
    WebServer server = Listening.on(listener, limits, keys, dispatcher, deadlines);
    server.start();
    if (!server.isRunning()) {
      // Helidon logs the reason but does not throw it. Mostly the port is taken, which this finds.
      checkFree(listener);
      throw new UncheckedIOException(
          new IOException("could not listen on %s".formatted(requested(listener))));
    }
    return new Open(new InetSocketAddress(listener.bind(), server.port()), keys, server);
  }

  /// Binds the port and leaves it again, to learn why if it cannot be bound.
  private static void checkFree(Listener listener) {
    InetSocketAddress address = requested(listener);
    try (ServerSocketChannel probe = ServerSocketChannel.open()) {
      probe.bind(address);
    } catch (BindException e) {
      if (isAnswered(address)) {
        throw new PortInUseException(address, PortHolders.of(address.getPort()), e);
      }
      throw new UncheckedIOException(
          "could not listen on %s: %s".formatted(address, e.getMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "could not listen on %s: %s".formatted(address, e.getMessage()), e);
    }
  }

  /// Whether somebody listens there: the message of the exception may be in any language.
  private static boolean isAnswered(InetSocketAddress address) {
    if (address.getPort() == 0) {
      return false;
    }
    if (PortHolders.of(address.getPort()).isPresent()) {
      return true;
    }
    try (Socket socket = new Socket()) {
      socket.connect(address, 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static InetSocketAddress requested(Listener listener) {
    return new InetSocketAddress(listener.bind(), listener.port());
  }
}
