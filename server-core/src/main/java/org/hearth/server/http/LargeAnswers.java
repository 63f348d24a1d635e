package org.hearth.server.http;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.server.matrix.error.MatrixException;

/// Bounds what answers cost that may be large: full syncs, lists of members, pages of history.
///
/// Each has a *place* from its first work to its last byte, of which there are few, so that their
/// buffers fit into the memory. The same answer to the same device has one place at a time: a
/// client that lost patience and asks again waits for the end of its earlier request, which comes
/// when that finds its client gone, and does not double the work. Of those with a place, the ones
/// that work take *turns*, a piece each, so that other requests find processors; nobody has a turn
/// while a client takes its piece.
///
/// **thread**: any.
final class LargeAnswers {
  /// Places in all. At worst each holds 10 MiB: a page of history, 16 parsed events of 64 KiB, and
  /// the JSON that waits to go out.
  static final int MOST = 32;

  /// Places of one user.
  static final int MOST_OF_A_USER = 4;

  /// Who waits for a place; more are refused at once.
  static final int MOST_WAITING = 512;

  /// Of those who wait, how many of one user: nobody can take all the room to wait.
  static final int MOST_WAITING_OF_A_USER = 16;

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(90);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

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
  private final Map<String, Integer> waitingByUser = new HashMap<>();
  private int waiting;

  /// Waits for a place, and for the first turn.
  ///
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if too many wait, or the wait was too long
  Place enter(Asker asker) throws InterruptedException {
    Place place = new Place(asker);
    lock.lock();
    try {
      awaitFree(asker);
      places.put(asker, place);
      byUser.merge(asker.user(), 1, Integer::sum);
    } finally {
      lock.unlock();
    }
    place.resume();
    return place;
  }

  private void awaitFree(Asker asker) throws InterruptedException {
    if (isFree(asker)) {
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
      while (!isFree(asker)) {
        if (nanos <= 0) {
          throw busy();
        }
        nanos = ended.awaitNanos(nanos);
      }
    } finally {
      waiting--;
      oneLess(waitingByUser, asker.user());
    }
  }

  private static void oneLess(Map<String, Integer> counts, String user) {
    counts.computeIfPresent(user, (_, count) -> count == 1 ? null : count - 1);
  }

  private boolean isFree(Asker asker) {
    return places.size() < MOST
        && !places.containsKey(asker)
        && byUser.getOrDefault(asker.user(), 0) < MOST_OF_A_USER;
  }

  private static MatrixException busy() {
    return MatrixException.limitExceeded(RETRY_AFTER);
  }

  /// An answer in the making.
  ///
  /// **thread**: one.
  final class Place implements AutoCloseable {
    private final Asker asker;
    private boolean hasTurn;

    private Place(Asker asker) {
      this.asker = asker;
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
        ended.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
