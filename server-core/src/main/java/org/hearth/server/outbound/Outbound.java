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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

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
  private final Slots slots;
  private final IdleConnections idle = new IdleConnections();
  private final Figures figures;

  /// Bounded by what the slots let in.
  private final Set<Progress> running = ConcurrentHashMap.newKeySet();

  private final CountDownLatch closed = new CountDownLatch(1);

  private Outbound(OutboundOptions options, Resolver resolver, Trust trust, InstantSource clock) {
    this.addresses = new Addresses(resolver, options);
    this.connector = new Connector(addresses, trust);
    this.slots = new Slots(options.connectionsPerDestination(), options.connections());
    this.figures = new Figures(clock);
  }

  /// Ready to send.
  ///
  /// @param resolver finds the addresses of names; they are checked here
  /// @throws IOException if a trusted certificate cannot be read
  public static Outbound start(OutboundOptions options, Resolver resolver, InstantSource clock)
      throws IOException {
    Outbound outbound =
        new Outbound(options, resolver, Trust.read(options.trustedCertificates()), clock);
    Thread.ofVirtual().name("outbound-idle").start(outbound::sweep);
    return outbound;
  }

  /// Sends a request and waits for its outcome. Redirects are not followed.
  ///
  /// @throws InterruptedException if the caller was interrupted; the request is given up
  public Outcome send(OutboundRequest request) throws InterruptedException {
    long begun = System.nanoTime();
    Destination destination = request.destination();
    Outcome outcome = outcome(request, destination);
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

  /// Figures of the destinations asked last, the latest first; bounded.
  public List<DestinationFigures> figures() {
    return figures.all();
  }

  private Outcome outcome(OutboundRequest request, Destination destination)
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
    if (isClosed()) {
      progress.settle(new Failure.Stopping());
    }
    Thread thread =
        Thread.ofVirtual()
            .name("outbound " + destination)
            .start(() -> work(request, destination, progress));
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
  private void work(OutboundRequest request, Destination destination, Progress progress) {
    try {
      slots.take(destination);
      Outcome outcome;
      try {
        outcome = exchange(request, destination, progress);
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

  private Outcome exchange(OutboundRequest request, Destination destination, Progress progress)
      throws FailureException, InterruptedException {
    Optional<Connection> kept = idle.take(destination);
    if (kept.isPresent()) {
      try {
        return exchange(request, destination, kept.get(), progress);
      } catch (Exchange.NothingCame e) {
        if (!request.isIdempotent()) {
          throw lost(e);
        }
      }
    }
    try {
      Connection made = connector.connect(destination, request.limits(), progress);
      return exchange(request, destination, made, progress);
    } catch (Exchange.NothingCame e) {
      throw lost(e);
    }
  }

  private Outcome exchange(
      OutboundRequest request, Destination destination, Connection connection, Progress progress)
      throws FailureException, Exchange.NothingCame {
    boolean kept = false;
    try {
      progress.uses(connection.socket());
      Exchange.Answer answer = new Exchange(request, connection, progress).run();
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

  private void sweep() {
    try {
      while (!closed.await(SWEEP.toSeconds(), TimeUnit.SECONDS)) {
        idle.closeOld();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
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
    closed.countDown();
    running.forEach(each -> abandon(each, new Failure.Stopping()));
    idle.close();
    addresses.close();
  }
}
