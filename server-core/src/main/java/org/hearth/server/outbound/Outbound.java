package org.hearth.server.outbound;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.hearth.server.upkeep.Upkeep;

/// The one way to other servers: every outgoing HTTP request of every part of this server.
///
/// A call blocks until there is an outcome, which comes within the request's limits. A caller that
/// is interrupted ends the request.
///
/// **thread**: any; meant for virtual threads
public final class Outbound implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Outbound.class.getName());
  private static final Duration SWEEP = Duration.ofSeconds(10);

  private final Addresses addresses;
  private final Connector connector;
  private final Optional<NameServers> nameServers;
  private final Slots slots;
  private final IdleConnections idle = new IdleConnections();
  private final Figures figures;

  /// Bounded by what the slots let in.
  private final Set<Progress> running = ConcurrentHashMap.newKeySet();

  /// Closes connections that nobody has used for a while. It ends with everything else.
  private final Upkeep sweeping = new Upkeep("outbound-idle");

  private Outbound(
      Addresses addresses,
      Connector connector,
      Optional<NameServers> nameServers,
      OutboundOptions options,
      InstantSource clock) {
    this.addresses = addresses;
    this.connector = connector;
    this.nameServers = nameServers;
    this.slots = new Slots(options.connectionsPerDestination(), options.connections());
    this.figures = new Figures(clock);
  }

  /// Ready to send.
  ///
  /// @param resolver finds the addresses of names that only the system knows; all are checked here
  /// @param nameServers find those of all other names
  /// @param dialer connects to addresses that were checked
  /// @throws IOException if a trusted certificate cannot be read
  public static Outbound start(
      OutboundOptions options,
      Resolver resolver,
      NameServers nameServers,
      Dialer dialer,
      InstantSource clock)
      throws IOException {
    return start(options, resolver, Optional.of(nameServers), dialer, clock);
  }

  /// Ready to send where the system is asked for every name; there are no services then.
  ///
  /// @param resolver finds the addresses of names; they are checked here
  /// @throws IOException if a trusted certificate cannot be read
  public static Outbound start(OutboundOptions options, Resolver resolver, InstantSource clock)
      throws IOException {
    return start(options, resolver, Optional.empty(), Dialer.DIRECT, clock);
  }

  private static Outbound start(
      OutboundOptions options,
      Resolver resolver,
      Optional<NameServers> nameServers,
      Dialer dialer,
      InstantSource clock)
      throws IOException {
    Trust trust = Trust.read(options.trustedCertificates());
    Addresses addresses = new Addresses(resolver, nameServers, options);
    Outbound outbound =
        new Outbound(
            addresses, new Connector(addresses, trust, dialer), nameServers, options, clock);
    outbound.sweeping.every(
        SWEEP, SWEEP, "idle connections could not be closed", outbound.idle::closeOld);
    return outbound;
  }

  /// Sends a request and waits for its outcome. Redirects are not followed.
  ///
  /// @throws InterruptedException if the caller was interrupted; the request is given up
  public Outcome send(OutboundRequest request) throws InterruptedException {
    return send(request, Optional.empty());
  }

  /// The same for a long response: if its status is 200 to 299, its body goes to the reader and is
  /// not in the outcome. The reader is called once at most.
  ///
  /// @throws InterruptedException if the caller was interrupted; the request is given up
  public Outcome send(OutboundRequest request, BodyReader reader) throws InterruptedException {
    return send(request, Optional.of(reader));
  }

  private Outcome send(OutboundRequest request, Optional<BodyReader> reader)
      throws InterruptedException {
    long begun = System.nanoTime();
    Destination destination = request.destination();
    Outcome outcome = outcome(request, destination, reader);
    figures.count(destination, outcome, Duration.ofNanos(System.nanoTime() - begun));
    return outcome;
  }

  /// Why a request would fail whatever the other side does, as far as its address says so itself:
  /// nobody is asked for the addresses of a name. Quick.
  public Optional<Failure> refusal(OutboundRequest request) {
    Destination destination = request.destination();
    return !destination.tls() && !request.plainAllowed()
        ? Optional.of(new Failure.PlainTextRefused())
        : addresses.refusal(destination);
  }

  /// Whether the owner named the host of an address as one that is reached wherever it is.
  public boolean isAllowed(URI uri) {
    return addresses.isAllowed(OutboundRequest.get(uri).destination());
  }

  /// Asks the name servers who serves something in a domain (RFC 2782).
  ///
  /// @param name such as `_matrix-fed._tcp.example.org`
  public Services services(String name) throws InterruptedException {
    return nameServers.isEmpty()
        ? new Services.None("no name server is asked here")
        : nameServers.get().services(name);
  }

  /// Figures of the destinations asked last, the latest first; bounded.
  public List<DestinationFigures> figures() {
    return figures.all();
  }

  private Outcome outcome(
      OutboundRequest request, Destination destination, Optional<BodyReader> reader)
      throws InterruptedException {
    if (!destination.tls() && !request.plainAllowed()) {
      return new Failure.PlainTextRefused();
    }
    if (!slots.enter(destination)) {
      return new Failure.Busy();
    }
    Progress progress = new Progress(request.limits().whole());
    running.add(progress);
    // Closing looks at `running` after it said so: one of the two sees the other.
    if (sweeping.isEnding()) {
      progress.settle(new Failure.Stopping());
    }
    Thread thread =
        Thread.ofVirtual()
            .name("outbound " + destination)
            .start(() -> work(request, destination, progress, reader));
    Outcome outcome = new Failure.ConnectionLost("its caller was interrupted");
    try {
      outcome = progress.await();
      return outcome;
    } finally {
      if (!(outcome instanceof Response)) {
        abandon(progress, outcome);
        thread.interrupt();
      }
    }
  }

  /// The thread of one request: waits for a turn, and leaves when it is done or was given up.
  private void work(
      OutboundRequest request,
      Destination destination,
      Progress progress,
      Optional<BodyReader> reader) {
    try {
      slots.take(destination);
      Outcome outcome;
      try {
        outcome = exchange(request, destination, progress, reader);
      } catch (FailureException e) {
        outcome = e.failure();
      } finally {
        slots.giveBack(destination);
      }
      progress.settle(outcome);
    } catch (InterruptedException _) {
      progress.settle(new Failure.ConnectionLost("it was given up"));
    } catch (Throwable e) {
      progress.settle(e);
    } finally {
      running.remove(progress);
      slots.leave(destination);
    }
  }

  private Outcome exchange(
      OutboundRequest request,
      Destination destination,
      Progress progress,
      Optional<BodyReader> reader)
      throws FailureException, InterruptedException {
    Optional<Connection> kept = idle.take(destination);
    if (kept.isPresent()) {
      try {
        return exchange(request, destination, kept.get(), progress, reader);
      } catch (Exchange.NothingCame e) {
        if (!request.isIdempotent()) {
          throw lost(e);
        }
      }
    }
    try {
      Connection made = connector.connect(destination, request.limits(), progress);
      return exchange(request, destination, made, progress, reader);
    } catch (Exchange.NothingCame e) {
      throw lost(e);
    }
  }

  private Outcome exchange(
      OutboundRequest request,
      Destination destination,
      Connection connection,
      Progress progress,
      Optional<BodyReader> reader)
      throws FailureException, Exchange.NothingCame {
    boolean kept = false;
    try {
      progress.uses(connection.socket());
      Exchange.Answer answer = new Exchange(request, connection, progress, reader).run();
      kept = progress.release() && answer.reusable();
      if (kept) {
        idle.keep(destination, connection);
      }
      return answer.response();
    } catch (IOException e) {
      throw new UncheckedIOException("a socket that nobody uses cannot be closed", e);
    } finally {
      if (!kept) {
        connection.close();
      }
    }
  }

  private static FailureException lost(Exchange.NothingCame why) {
    Throwable cause = why.getCause();
    return new FailureException(
        new Failure.ConnectionLost(Reasons.of(cause == null ? why : cause)));
  }

  private static void abandon(Progress progress, Outcome outcome) {
    try {
      progress.abandon(outcome);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "The socket of a request that was given up cannot be closed", e);
    }
  }

  /// Ends what is under way; requests that come later are refused.
  @Override
  public void close() {
    sweeping.end();
    running.forEach(each -> abandon(each, new Failure.Stopping()));
    idle.close();
    addresses.close();
  }
}
