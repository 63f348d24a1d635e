package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.hearth.server.store.Committer;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Unavailable;

/// What a pusher does when it has its turn: tells its gateway of the next notifications, then of
/// the badge.
///
/// "If the endpoint returns an HTTP error code, the homeserver SHOULD retry for a reasonable amount
/// of time using exponential backoff." No answer is such an error, too. What is a day old is given
/// up; the pusher stays.
///
/// **thread**: one a pusher; a turn waits for the gateway and for commits.
final class Deliveries {
  private static final System.Logger LOG = System.getLogger(Deliveries.class.getName());

  /// Notifications told in one turn.
  static final int MOST_A_TURN = 20;

  /// After the first failure; doubled by each that follows.
  static final Duration FIRST_PAUSE = Duration.ofSeconds(2);

  static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  /// When the database takes or gives nothing.
  private static final Duration STORE_PAUSE = Duration.ofMinutes(1);

  private static final int MOST_DOUBLINGS = 11;

  private final Pushers pushers;
  private final PushQueue queue;
  private final NotificationContent content;
  private final PushGateways gateways;
  private final Committer committer;
  private final InstantSource clock;
  private final RandomGenerator random;

  Deliveries(
      Pushers pushers,
      PushQueue queue,
      NotificationContent content,
      PushGateways gateways,
      Committer committer,
      InstantSource clock,
      RandomGenerator random) {
    this.pushers = pushers;
    this.queue = queue;
    this.content = content;
    this.gateways = gateways;
    this.committer = committer;
    this.clock = clock;
    this.random = random;
  }

  /// What a turn came to.
  ///
  /// @param answered whether the gateway answered; empty if it was not asked
  /// @param more whether there is more to be told now
  /// @param gone whether the pusher is no more
  record Turn(Optional<Boolean> answered, boolean more, boolean gone) {
    private static final Turn NOTHING = new Turn(Optional.empty(), false, false);
    private static final Turn GONE = new Turn(Optional.empty(), false, true);
  }

  /// A pusher's turn. It throws nothing but an [Error].
  Turn take(Worker worker) {
    try {
      return deliver(worker);
    } catch (RuntimeException e) {
      LOG.log(
          e instanceof StorageException storage && storage.isUnavailable()
              ? Level.DEBUG
              : Level.WARNING,
          worker + " goes on later",
          e);
      worker.waitUntil(clock.instant().plus(STORE_PAUSE));
      return Turn.NOTHING;
    }
  }

  private Turn deliver(Worker worker) {
    Optional<Pusher> found = pushers.get(worker.id());
    if (found.isEmpty()) {
      return Turn.GONE;
    }
    Pusher pusher = found.get();
    if (pusher.attempts().nextTry().isAfter(clock.instant())) {
      worker.waitUntil(pusher.attempts().nextTry());
      return Turn.NOTHING;
    }
    List<PushQueue.Queued> items = queue.oldest(pusher.id(), MOST_A_TURN);
    Telling telling = new Telling(worker, pusher);
    for (PushQueue.Queued each : items) {
      if (!telling.tell(each)) {
        return telling.turn(false);
      }
    }
    boolean more = items.size() == MOST_A_TURN;
    if (!more) {
      telling.tellBadge();
    }
    return telling.turn(more);
  }

  /// One turn of one pusher that is there. **thread**: the turn's.
  private final class Telling {
    private final Worker worker;
    private final Pusher pusher;
    private long badge;
    private Pusher.Attempts attempts;

    /// What the row says of these two.
    private long notedBadge;

    private Pusher.Attempts notedAttempts;
    private Optional<Boolean> answered = Optional.empty();
    private boolean gone;

    Telling(Worker worker, Pusher pusher) {
      this.worker = worker;
      this.pusher = pusher;
      this.badge = pusher.badge();
      this.attempts = pusher.attempts();
      this.notedBadge = badge;
      this.notedAttempts = attempts;
    }

    Turn turn(boolean more) {
      return new Turn(answered, more, gone);
    }

    /// @return whether to go on
    boolean tell(PushQueue.Queued queued) {
      PushQueue.Item item = queued.item().orElse(null);
      // What cannot be read is given up: it would keep its place for ever.
      if (item == null || item.position() <= worker.told() || isOld(item.at())) {
        removed(queued);
        return true;
      }
      long wishes = worker.badgeWishes();
      long unread = content.unread(pusher.user());
      Optional<ObjectNode> notification = notification(item, unread);
      if (notification.isEmpty()) {
        removed(queued);
        return true;
      }
      if (!send(notification.get())) {
        return false;
      }
      worker.told(item.position());
      badge = unread;
      worker.badgeDone(wishes);
      removed(queued);
      return true;
    }

    /// A room or an event that is damaged keeps nothing else from being told.
    private Optional<ObjectNode> notification(PushQueue.Item item, long unread) {
      try {
        return content.of(pusher, item, unread);
      } catch (RuntimeException e) {
        if (Unavailable.is(e)) {
          throw e;
        }
        LOG.log(Level.WARNING, "%s cannot be told of %s".formatted(worker, item.event()), e);
        return Optional.empty();
      }
    }

    private void removed(PushQueue.Queued queued) {
      note(List.of(PushQueue.remove(pusher.id(), queued.position())));
      worker.queued().remove(queued.position());
    }

    /// Tells of the number of unread notifications, if the gateway knows another one.
    void tellBadge() {
      long wishes = worker.badgeWishes();
      long unread = content.unread(pusher.user());
      if (unread == badge) {
        worker.badgeDone(wishes);
        return;
      }
      if (!worker.badgeIsDue()) {
        return;
      }
      boolean givenUp = attempts.failures() > 0 && isOld(attempts.failingSince());
      if (givenUp || send(NotificationContent.badge(pusher, unread))) {
        badge = unread;
        worker.badgeDone(wishes);
        note(List.of());
      }
    }

    private boolean isOld(Instant moment) {
      return moment.isBefore(clock.instant().minus(PushQueue.MOST_AGE));
    }

    /// @return whether the gateway has it
    private boolean send(ObjectNode notification) {
      return switch (gateways.send(pusher, notification)) {
        case PushGateways.Result.Taken _ -> {
          answered = Optional.of(true);
          attempts = Pusher.Attempts.FRESH;
          worker.goOn();
          yield true;
        }
        case PushGateways.Result.Rejected _ -> {
          answered = Optional.of(true);
          gone = true;
          commit(Pushers.deleteRejected(pusher.settings()));
          LOG.log(Level.INFO, "{0} was rejected by its gateway and is removed", worker);
          yield false;
        }
        case PushGateways.Result.Failed failed -> {
          answered = Optional.of(failed.answered());
          failed(failed);
          yield false;
        }
        case PushGateways.Result.Stopped _ -> false;
      };
    }

    private void failed(PushGateways.Result.Failed failed) {
      Instant now = clock.instant();
      Duration pause = pause(attempts.failures());
      Duration asked = failed.retryAfter().orElse(Duration.ZERO);
      if (asked.compareTo(pause) > 0) {
        pause = asked.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : asked;
      }
      attempts =
          new Pusher.Attempts(
              attempts.failures() + 1,
              attempts.failures() == 0 ? now : attempts.failingSince(),
              now.plus(pause));
      LOG.log(
          Level.DEBUG, "{0} is tried again in {1} s: {2}", worker, pause.toSeconds(), failed.why());
      note(List.of());
      worker.waitUntil(attempts.nextTry());
    }

    private void note(List<RowChange> changes) {
      List<RowChange> all = new ArrayList<>(changes);
      if (badge != notedBadge || !attempts.equals(notedAttempts)) {
        all.add(Pushers.note(pusher, attempts, badge));
      }
      commit(all);
      notedBadge = badge;
      notedAttempts = attempts;
    }
  }

  /// Half of it by chance, so that the pushers of a gateway that comes back do not come all at
  /// once.
  private Duration pause(int failuresBefore) {
    Duration whole = FIRST_PAUSE.multipliedBy(1L << Math.min(failuresBefore, MOST_DOUBLINGS));
    long longest = (whole.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : whole).toMillis();
    return Duration.ofMillis(longest / 2 + random.nextLong(longest / 2 + 1));
  }

  private void commit(List<RowChange> changes) {
    if (!changes.isEmpty()) {
      var _ = committer.commit(ClientPush.BOX, changes, List.of());
    }
  }
}
