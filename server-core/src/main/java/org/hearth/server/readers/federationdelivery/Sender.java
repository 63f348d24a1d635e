package org.hearth.server.readers.federationdelivery;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.federation.FailingServer;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.store.Committer;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.jspecify.annotations.Nullable;

/* # What becomes of a transaction
 *
 * - **200**: the server has it. What it says of single events is noted and changes nothing: "The
 *   server is to use this response even in the event of one or more PDUs failing to be processed."
 * - **No answer, or 502 and above**: the server is left alone as FederationClient says. The same
 *   transaction is sent again then, unless it is large, or the outage long: then the latest events
 *   of each room are sent in place of all.
 * - **401, 403, 404, 429**: the server refuses whatever it is sent. It is tried again after growing
 *   pauses, of an hour at most, and not before the moment that a 429 names.
 * - **Another refusal, or an answer that is none**: something in the transaction may be what the
 *   server cannot take. After MOST_REFUSED times half as much is sent, and so on. What is refused
 *   alone is set aside, and the rest goes on; it is tried again when nothing else is left, and given
 *   up when it was refused MOST_ALONE times while the server took something else. So one event
 *   never blocks a queue, and a server that refuses everything loses nothing.
 */

/// Has queues send what they have, one transaction after the other.
///
/// "The sending server must wait and retry for a 200 OK response before sending a transaction with
/// a different `txnId` to the receiving server." Whoever is sent something else after a failure is
/// sent what still counts; what was in the first transaction has the same event ids in the next.
///
/// **thread**: one a queue.
final class Sender {
  /// Transactions in one turn.
  static final int MOST_A_TURN = 10;

  static final int MOST_REFUSED = 2;
  static final int MOST_ALONE = 3;
  static final Duration FIRST_PAUSE = Duration.ofSeconds(15);
  static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  /// An outage after which the latest events of each room are sent.
  static final Duration LONG_OUTAGE = Duration.ofHours(1);

  /// When nothing is said about when to try again.
  private static final Duration SHORT_PAUSE = Duration.ofSeconds(10);

  /// When the database takes or gives nothing.
  private static final Duration STORE_PAUSE = Duration.ofMinutes(1);

  /// Servers may look for what is missing before they answer.
  private static final Duration TIME = Duration.ofSeconds(60);

  private static final int ANSWER_BYTES = 256 << 10;
  private static final int LONGEST_ERROR = 200;
  private static final int MOST_DOUBLINGS = 10;
  private static final int BAD_GATEWAY = 502;
  private static final System.Logger LOG = System.getLogger(Sender.class.getName());

  private final Queues queues;
  private final Composer composer;
  private final DeviceChanges changes;
  private final FederationClient federation;
  private final Predicate<ServerName> allowed;
  private final Committer committer;
  private final InstantSource clock;

  /// Threads that wait for another server and may be interrupted. Guarded by this set.
  private final Set<Thread> waiting = new HashSet<>();

  private volatile boolean stopping;

  Sender(
      Queues queues,
      Composer composer,
      DeviceChanges changes,
      FederationClient federation,
      Predicate<ServerName> allowed,
      Committer committer,
      InstantSource clock) {
    this.queues = queues;
    this.composer = composer;
    this.changes = changes;
    this.federation = federation;
    this.allowed = allowed;
    this.committer = committer;
    this.clock = clock;
  }

  /// A queue's turn.
  ///
  /// @return whether there is more to be sent now
  boolean take(Queue queue) {
    if (!queues.begin(queue)) {
      return false;
    }
    try {
      for (int i = 0; i < MOST_A_TURN && !stopping; i++) {
        if (!sendNext(queue)) {
          return false;
        }
      }
      return true;
    } catch (RuntimeException e) {
      LOG.log(
          e instanceof StorageException storage && storage.isUnavailable()
              ? Level.DEBUG
              : Level.WARNING,
          "what is for " + queue.name() + " is sent later",
          e);
      pause(queue, STORE_PAUSE);
      return false;
    } finally {
      queues.change(queue, each -> each.sending(false));
    }
  }

  /// @return whether to go on
  private boolean sendNext(Queue queue) {
    if (!allowed.test(queue.name())) {
      queues.forget(queue);
      return false;
    }
    if (isLeftAlone(queue)) {
      return false;
    }
    Transaction next = next(queue);
    if (next == null) {
      queues.settle(queue);
      return false;
    }
    if (next.size() == 0) {
      // Of nothing that was owed anything need be sent.
      pay(queue, next);
      return true;
    }
    queues.change(queue, each -> each.urgent(false));
    FederationReply reply = send(queue.name(), next);
    return reply != null && settle(queue, next, reply);
  }

  private boolean isLeftAlone(Queue queue) {
    Instant now = clock.instant();
    Instant paused = queues.locked(queue, Queue::pausedUntil);
    if (paused.isAfter(now)) {
      queues.wakeAt(queue, paused);
      return true;
    }
    Optional<FailingServer> failing = federation.failing(queue.name());
    if (failing.isEmpty()) {
      return false;
    }
    boolean isLong = failing.get().failingSince().plus(LONG_OUTAGE).isBefore(now);
    queues.change(
        queue,
        each -> {
          each.standing(Queue.Standing.FAILS);
          each.lastError(failing.get().lastError());
          if (isLong) {
            queues.drop(each);
            each.forgetItems();
          }
        });
    if (failing.get().nextTry().isAfter(now)) {
      queues.failed(queue);
      leaveAlone(queue, failing.get().nextTry());
      return true;
    }
    return false;
  }

  private @Nullable Transaction next(Queue queue) {
    Transaction again = queues.locked(queue, Queue::retained);
    if (again != null) {
      return again;
    }
    writeChanges(queue);
    Plan plan = queues.locked(queue, each -> Plan.of(each, clock.instant()));
    boolean hadEdus = plan.edus() > 0;
    if (hadEdus) {
      // What is added from now on says so again.
      queues.change(queue, each -> each.hasEdus(false));
    }
    Transaction made = composed(queue, plan);
    if (hadEdus && made.pays().edus().isEmpty()) {
      noneFound(queue, plan);
    }
    if (made.size() > 0 || !isNothing(made)) {
      return made;
    }
    Plan suspects = queues.locked(queue, Plan::ofSuspects);
    if (suspects.isEmpty()) {
      return null;
    }
    Transaction suspect = composed(queue, suspects);
    if (suspect.size() == 0 && isNothing(suspect)) {
      // It is gone: a newer one took its place.
      var _ =
          queues.locked(
              queue, each -> each.suspects().keySet().removeIf(DeliveryRows.Key.class::isInstance));
      return next(queue);
    }
    return suspect;
  }

  /// Writes down what the server has to be told of devices that have changed.
  private void writeChanges(Queue queue) {
    int edus = 0;
    for (Queue.Devices changed = queues.locked(queue, Queue::devices);
        changed != null && edus == 0 && !stopping;
        changed = queues.locked(queue, Queue::devices)) {
      Queue.Devices these = changed;
      DeviceChanges.Written written = changes.write(queue.name(), these.since());
      edus = written.edus();
      queues.change(
          queue,
          each -> {
            each.devicesWritten(these, written);
            if (written.edus() > 0) {
              each.edusAdded(written.edus(), clock.instant());
            }
          });
    }
  }

  private void noneFound(Queue queue, Plan plan) {
    if (!plan.passedOver().isEmpty()) {
      // There may be EDUs in the table that were passed over.
      hasEdus(queue);
      return;
    }
    queues.change(
        queue,
        each -> {
          if (!each.hasEdus()) {
            // Of a device that changed often only the last update was there.
            each.edusGone(each.edus());
          }
        });
  }

  private Transaction composed(Queue queue, Plan plan) {
    boolean made = false;
    try {
      Transaction transaction = composer.compose(queue.name(), plan);
      made = true;
      if (!transaction.pays().edus().isEmpty()) {
        hasEdus(queue);
      }
      return transaction;
    } finally {
      if (!made && plan.edus() > 0) {
        hasEdus(queue);
      }
    }
  }

  private void hasEdus(Queue queue) {
    queues.change(queue, each -> each.edusAdded(0, clock.instant()));
  }

  private static boolean isNothing(Transaction transaction) {
    Transaction.Pays pays = transaction.pays();
    return pays.rooms().isEmpty() && pays.receipts().isEmpty() && pays.edus().isEmpty();
  }

  /// @return null if the server is stopping
  private @Nullable FederationReply send(ServerName to, Transaction transaction) {
    FederationRequest request =
        FederationRequest.put(
                to, "/_matrix/federation/v1/send/" + transaction.id(), transaction.content())
            .withAnswer(ANSWER_BYTES, TIME);
    synchronized (waiting) {
      if (stopping) {
        return null;
      }
      waiting.add(Thread.currentThread());
    }
    try {
      return federation.send(request);
    } catch (InterruptedException _) {
      return null;
    } finally {
      synchronized (waiting) {
        waiting.remove(Thread.currentThread());
        // Whoever reads the database next must not be interrupted.
        var _ = Thread.interrupted();
      }
    }
  }

  /// Ends the waiting for other servers.
  void stop() {
    synchronized (waiting) {
      stopping = true;
      waiting.forEach(Thread::interrupt);
    }
  }

  /// @return whether to go on at once
  private boolean settle(Queue queue, Transaction sent, FederationReply reply) {
    return switch (reply) {
      case FederationReply.Answer(_, var body) -> {
        taken(queue, sent, body);
        yield true;
      }
      case FederationReply.NotAllowed _ -> {
        queues.forget(queue);
        yield false;
      }
      case FederationReply.LeftAlone(Instant until, String because) -> {
        notReached(queue, sent, because);
        leaveAlone(queue, until);
        yield false;
      }
      case FederationReply.NotReached(var why) -> {
        notReached(queue, sent, why.words());
        leaveAlone(queue);
        yield false;
      }
      case FederationReply.Refused(int status, _, _, _, _) when status >= BAD_GATEWAY -> {
        notReached(queue, sent, reply.words());
        leaveAlone(queue);
        yield false;
      }
      case FederationReply.Refused(int status, _, _, _, Duration retryAfter) -> {
        refused(queue, sent, reply.words(), isWholesale(status), retryAfter);
        yield false;
      }
      case FederationReply.Unintelligible _ -> {
        refused(queue, sent, reply.words(), false, Duration.ZERO);
        yield false;
      }
    };
  }

  /// Whether the status says nothing about what is in the transaction.
  private static boolean isWholesale(int status) {
    return status == 401 || status == 403 || status == 404 || status == 429;
  }

  // --- taken

  private void taken(Queue queue, Transaction sent, JsonNode body) {
    Optional<String> error = errors(queue.name(), sent, body.path("pdus"));
    queues.change(
        queue,
        each -> {
          each.standing(Queue.Standing.ANSWERS);
          each.refusals(0);
          each.pauseUntil(Instant.EPOCH);
          each.countAccepted();
          each.widen();
          each.lastError(error.orElse(""));
          sent.only().ifPresent(each.suspects()::remove);
        });
    pay(queue, sent);
  }

  /// What the server says of single events, of those that it was sent.
  private static Optional<String> errors(ServerName server, Transaction sent, JsonNode pdus) {
    Optional<String> last = Optional.empty();
    for (EventId each : sent.events()) {
      JsonNode error = pdus.path(each.value()).path("error");
      if (error.isTextual()) {
        String words = error.textValue();
        String cut = words.length() > LONGEST_ERROR ? words.substring(0, LONGEST_ERROR) : words;
        LOG.log(Level.DEBUG, "{0} does not take {1}: {2}", server, each, cut);
        last = Optional.of("it does not take %s: %s".formatted(each, cut));
      }
    }
    return last;
  }

  /// What is deleted here was acknowledged, or is given up.
  private void pay(Queue queue, Transaction sent) {
    List<DeliveryRows.Key> edus = sent.pays().edus();
    if (!edus.isEmpty()) {
      List<RowChange> changes = new ArrayList<>();
      edus.forEach(each -> changes.add(DeliveryRows.delete(queue.name(), each)));
      var _ = committer.commit(FederationDelivery.BOX, changes, List.of());
    }
    queues.change(
        queue,
        each -> {
          queues.drop(each);
          each.edusGone(edus.size());
          for (Transaction.OfRoom room : sent.pays().rooms()) {
            RoomDebt debt = each.rooms().get(room.room());
            if (debt != null) {
              debt.paid(room.positions());
              if (room.latest()) {
                debt.paidUpTo(room.newest());
              }
            }
          }
          sent.pays().receipts().forEach(each::receiptsTold);
        });
    queues.settle(queue);
  }

  // --- not taken

  private void notReached(Queue queue, Transaction sent, String why) {
    queues.change(
        queue,
        each -> {
          each.standing(Queue.Standing.FAILS);
          each.lastError(why);
          queues.retain(each, sent);
        });
    queues.failed(queue);
  }

  private void leaveAlone(Queue queue) {
    Instant next =
        federation
            .failing(queue.name())
            .map(FailingServer::nextTry)
            .orElse(clock.instant().plus(SHORT_PAUSE));
    leaveAlone(queue, next);
  }

  private void leaveAlone(Queue queue, Instant until) {
    queues.change(queue, each -> each.pauseUntil(until));
    queues.wakeAt(queue, until);
  }

  /// @param asked how long the server asks to be left alone
  private void refused(
      Queue queue, Transaction sent, String why, boolean wholesale, Duration asked) {
    boolean givenUp =
        queues.locked(
            queue,
            each -> {
              if (each.isFailing()) {
                // It is there, and takes nothing yet.
                each.standing(Queue.Standing.NEW);
              }
              each.lastError(why);
              each.refusals(each.refusals() + 1);
              if (wholesale || (each.refusals() < MOST_REFUSED && sent.only().isEmpty())) {
                queues.retain(each, sent);
                return false;
              }
              queues.drop(each);
              if (sent.only().isEmpty()) {
                each.narrow(sent.size());
                each.refusals(1);
                return false;
              }
              return isGivenUp(each, sent.only().get());
            });
    if (givenUp) {
      LOG.log(
          Level.WARNING,
          "{0} does not take {1} and is not sent it any more: {2}",
          queue.name(),
          sent.events().isEmpty() ? "what concerns devices or receipts" : sent.events(),
          why);
      pay(queue, sent);
    }
    queues.failed(queue);
    pause(queue, pauseAfter(queues.locked(queue, Queue::refusals), asked));
  }

  /// @param refusals one after the other; none after something was given up
  static Duration pauseAfter(int refusals, Duration asked) {
    int doublings = Math.clamp(refusals - 1L, 0, MOST_DOUBLINGS);
    Duration grown = FIRST_PAUSE.multipliedBy(1L << doublings);
    Duration pause = grown.compareTo(asked) > 0 ? grown : asked;
    return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
  }

  /// Sets aside what was refused alone, or says that it is given up.
  private static boolean isGivenUp(Queue queue, Object what) {
    Queue.Suspect before = queue.suspects().get(what);
    Queue.Suspect now =
        before == null
            ? new Queue.Suspect(1, queue.accepted())
            : new Queue.Suspect(before.times() + 1, before.acceptedBefore());
    if (now.times() >= MOST_ALONE && queue.accepted() > now.acceptedBefore()) {
      queue.suspects().remove(what);
      queue.refusals(0);
      return true;
    }
    if (before == null) {
      // The next thing is tried soon.
      queue.refusals(Math.min(queue.refusals(), queue.suspects().size() + 1));
    }
    queue.suspect(what, now);
    return false;
  }

  private void pause(Queue queue, Duration pause) {
    leaveAlone(queue, clock.instant().plus(pause));
  }
}
