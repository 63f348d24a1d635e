package org.hearth.server.http;

import io.helidon.webserver.CloseConnectionException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.server.matrix.error.MatrixException;
import org.jspecify.annotations.Nullable;

/// Bounds what answers cost that may be large: full syncs, lists of members, pages of history.
///
/// Each has a *place* from its first work to its last byte, of which there are few, so that their
/// buffers fit into the memory. The same answer to the same device has one place at a time: a
/// client that lost patience and asks again waits for the end of its earlier request, which comes
/// when that finds its client gone, and does not double the work. Of those with a place, the ones
/// that work take *turns*, a piece each, so that other requests find processors; nobody has a turn
/// while a client takes its piece.
///
/// A client that takes its answer slowly keeps its place as long as nobody else needs it. Once
/// somebody waits, of the answers that hold that one up the one that has waited longest for its
/// client is ended, if that was longer than [#PATIENCE] in all.
///
/// **thread**: any.
final class LargeAnswers {
  /// Places in all. At worst each holds 10 MiB: a page of history, 16 parsed events of 64 KiB, and
  /// the JSON that waits to go out.
  static final int MOST = 32;

  /// Places of one user.
  static final int MOST_OF_A_USER = 4;

  /// Places of one address, whatever its users: so that one address with many accounts leaves room
  /// for others.
  static final int MOST_OF_AN_ADDRESS = 16;

  /// So long an answer may have waited for its client while somebody else waits for its place.
  static final Duration PATIENCE = Duration.ofSeconds(5);

  /// Who waits for a place; more are refused at once.
  static final int MOST_WAITING = 512;

  /// Of those who wait, how many of one user: nobody can take all the room to wait.
  static final int MOST_WAITING_OF_A_USER = 16;

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(90);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  /// How often who waits looks for a place that a slow client holds.
  private static final Duration LOOK = Duration.ofMillis(500);

  /// Whose answer to what.
  ///
  /// @param user or the address of who is none
  /// @param device empty for none
  /// @param target path and query as they were sent
  record Asker(String user, String device, String target) {}

  private final Semaphore turns =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Condition ended = lock.newCondition();
  private final Map<Asker, Place> places = new HashMap<>();
  private final Map<String, Integer> byUser = new HashMap<>();
  private final Map<String, Integer> byAddress = new HashMap<>();
  private final Map<String, Integer> waitingByUser = new HashMap<>();
  private final long patienceNanos;
  private int waiting;

  LargeAnswers() {
    this(PATIENCE);
  }

  /// @param patience instead of [#PATIENCE]
  LargeAnswers(Duration patience) {
    patienceNanos = patience.toNanos();
  }

  /// Waits for a place, and for the first turn.
  ///
  /// @param address as it is counted, from which it is asked
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if too many wait, or the wait was too long
  Place enter(Asker asker, String address) throws InterruptedException {
    Place place = new Place(asker, address);
    lock.lock();
    try {
      awaitFree(place);
      places.put(asker, place);
      byUser.merge(asker.user(), 1, Integer::sum);
      byAddress.merge(address, 1, Integer::sum);
    } finally {
      lock.unlock();
    }
    place.resume();
    return place;
  }

  private void awaitFree(Place place) throws InterruptedException {
    Asker asker = place.asker;
    if (isFree(place)) {
      return;
    }
    if (waiting == MOST_WAITING
        || waitingByUser.getOrDefault(asker.user(), 0) == MOST_WAITING_OF_A_USER) {
      throw busy();
    }
    waiting++;
    waitingByUser.merge(asker.user(), 1, Integer::sum);
    try {
      long nanos = LONGEST_WAIT.toNanos();
      while (!isFree(place)) {
        if (nanos <= 0) {
          throw busy();
        }
        endSlowestFor(place);
        long look = Math.min(nanos, LOOK.toNanos());
        nanos -= look - ended.awaitNanos(look);
      }
    } finally {
      waiting--;
      oneLess(waitingByUser, asker.user());
    }
  }

  private static void oneLess(Map<String, Integer> counts, String user) {
    counts.computeIfPresent(user, (_, count) -> count == 1 ? null : count - 1);
  }

  private boolean isFree(Place place) {
    return places.size() < MOST
        && !places.containsKey(place.asker)
        && !isUsedUp(byUser, place.asker.user(), MOST_OF_A_USER)
        && !isUsedUp(byAddress, place.address, MOST_OF_AN_ADDRESS);
  }

  private static boolean isUsedUp(Map<String, Integer> counts, String whose, int most) {
    return counts.getOrDefault(whose, 0) >= most;
  }

  /// Ends the slowest of the answers that hold somebody up, unless one of them ends already.
  private void endSlowestFor(Place waiting) {
    if (places.values().stream().anyMatch(each -> each.givesWay && holdsUp(each, waiting))) {
      return;
    }
    long now = System.nanoTime();
    places.values().stream()
        .filter(each -> holdsUp(each, waiting))
        .filter(each -> each.sending != null && each.sentFor(now) >= patienceNanos)
        .max(Comparator.comparingLong(each -> each.sentFor(now)))
        .ifPresent(Place::giveWay);
  }

  private boolean holdsUp(Place place, Place waiting) {
    String user = waiting.asker.user();
    String address = waiting.address;
    return place.asker.equals(waiting.asker)
        || places.size() >= MOST
        || (place.asker.user().equals(user) && isUsedUp(byUser, user, MOST_OF_A_USER))
        || (place.address.equals(address) && isUsedUp(byAddress, address, MOST_OF_AN_ADDRESS));
  }

  private static MatrixException busy() {
    return MatrixException.limitExceeded(RETRY_AFTER);
  }

  /// An answer in the making.
  ///
  /// **thread**: one; those who wait for a place look at what the lock guards.
  final class Place implements AutoCloseable {
    private final Asker asker;
    private final String address;
    private boolean hasTurn;

    // Guarded by the lock.
    private @Nullable Thread sending;
    private long sendingSince;
    private long sentNanos;
    private boolean givesWay;

    private Place(Asker asker, String address) {
      this.asker = asker;
      this.address = address;
    }

    /// Sends something to the client, and lets others work meanwhile.
    ///
    /// @param work may be interrupted
    /// @throws CloseConnectionException if the client was too slow for who waits for the place
    void send(Runnable work) {
      pause();
      begin();
      boolean ended;
      try {
        work.run();
      } finally {
        ended = end();
      }
      if (ended) {
        throw new CloseConnectionException(
            "The client took its answer slowly, and others waited for its place");
      }
    }

    private void begin() {
      lock.lock();
      try {
        sending = Thread.currentThread();
        sendingSince = System.nanoTime();
      } finally {
        lock.unlock();
      }
    }

    /// @return whether it was ended by who waits
    private boolean end() {
      lock.lock();
      try {
        sending = null;
        sentNanos += System.nanoTime() - sendingSince;
        return givesWay;
      } finally {
        lock.unlock();
      }
    }

    /// How long it has waited for its client by now; with the lock.
    private long sentFor(long now) {
      return sentNanos + (sending == null ? 0 : now - sendingSince);
    }

    /// Ends the sending that is under way; with the lock. An interrupt closes the socket to which a
    /// virtual thread writes.
    private void giveWay() {
      if (sending != null) {
        givesWay = true;
        sending.interrupt();
      }
    }

    /// Lets others work.
    void pause() {
      if (hasTurn) {
        hasTurn = false;
        turns.release();
      }
    }

    /// Waits for the next turn, which comes after a piece of each of the others.
    void resume() {
      turns.acquireUninterruptibly();
      hasTurn = true;
    }

    @Override
    public void close() {
      pause();
      lock.lock();
      try {
        places.remove(asker, this);
        oneLess(byUser, asker.user());
        oneLess(byAddress, address);
        ended.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
