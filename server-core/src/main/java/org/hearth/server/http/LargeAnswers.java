package org.hearth.server.http;

import io.helidon.webserver.CloseConnectionException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.JsonWriter;
import org.jspecify.annotations.Nullable;

/// Bounds what answers cost that may be large: full syncs, lists of members, pages of history.
///
/// Each has a *place* from its first work to its last byte, of which there are few, so that their
/// buffers fit into the memory. The same answer to the same device has one place at a time, and is
/// made once: a client that lost patience and asks again is given the pieces that the one under way
/// is made of ([SharedAnswer]). Where it cannot have these, it waits for the end of its earlier
/// request, which comes when that finds its client gone. Of those with a place, the ones that work
/// take *turns*, a piece each, so that other requests find processors; nobody has a turn while a
/// client takes its piece. Who waits for a place gets it before who came later, except that nobody
/// waits behind somebody whose user or address has all places that it may have.
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

  /// Bytes of pieces that are kept for who asks again: a first sync of 1,000 rooms has half of it.
  static final long MOST_KEPT = 32L << 20;

  /// What a piece takes when it is kept: one is sent as soon as it is full, with the event in it
  /// that filled it.
  private static final int USUAL_PIECE = JsonWriter.PIECE + (JsonWriter.PIECE >> 1);

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
  /// @param question equal for the same answer: path and query as they were sent, or what the
  ///   handler made of them
  record Asker(String user, String device, Object question) {}

  /// A request for an answer that may be large.
  ///
  /// @param address as it is counted, from which it is asked
  /// @param since what had been answered when it came; empty if nobody else may have its answer
  record Asked(Asker asker, String address, Optional<AnswerCounts.Mark> since) {}

  /// What came of waiting: a place of its own, or the answer of somebody else.
  sealed interface Entered permits Place, SharedAnswer.Joined {}

  private final Semaphore turns =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Condition changed = lock.newCondition();
  private final SharedAnswer.Room kept = new SharedAnswer.Room(MOST_KEPT, USUAL_PIECE);
  private final Map<Asker, Place> places = new HashMap<>();
  private final Map<String, Integer> byUser = new HashMap<>();
  private final Map<String, Integer> byAddress = new HashMap<>();
  private final Map<String, Integer> waitingByUser = new HashMap<>();
  private final Set<Place> waiting = new LinkedHashSet<>();
  private final long patienceNanos;

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
    return switch (enterOrJoin(new Asked(asker, address, Optional.empty()))) {
      case Place place -> place;
      case SharedAnswer.Joined _ -> throw new IllegalStateException("it may have no other's");
    };
  }

  /// Waits for a place and for the first turn, or until the same answer can be joined.
  ///
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if too many wait, or the wait was too long
  Entered enterOrJoin(Asked asked) throws InterruptedException {
    Place place = new Place(asked);
    lock.lock();
    try {
      SharedAnswer.@Nullable Joined other = awaitFreeOrJoin(place);
      if (other != null) {
        return other;
      }
      places.put(place.asker, place);
      byUser.merge(place.asker.user(), 1, Integer::sum);
      byAddress.merge(place.address, 1, Integer::sum);
      if (asked.since().isPresent()) {
        // Some may have been waiting to ask the same.
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    place.resume();
    return place;
  }

  /// @return null when the place is free
  private SharedAnswer.@Nullable Joined awaitFreeOrJoin(Place place) throws InterruptedException {
    Asker asker = place.asker;
    SharedAnswer.@Nullable Joined other = join(place);
    if (other != null || mayEnter(place)) {
      return other;
    }
    if (waiting.size() == MOST_WAITING
        || waitingByUser.getOrDefault(asker.user(), 0) == MOST_WAITING_OF_A_USER) {
      throw busy();
    }
    waiting.add(place);
    waitingByUser.merge(asker.user(), 1, Integer::sum);
    try {
      long nanos = LONGEST_WAIT.toNanos();
      while (true) {
        if (nanos <= 0) {
          throw busy();
        }
        endSlowestFor(place);
        long look = Math.min(nanos, SharedAnswer.LOOK.toNanos());
        nanos -= look - changed.awaitNanos(look);
        other = join(place);
        if (other != null || mayEnter(place)) {
          return other;
        }
      }
    } finally {
      waiting.remove(place);
      oneLess(waitingByUser, asker.user());
      // Somebody else may be the first now.
      changed.signalAll();
    }
  }

  /// Whether there is a place that nobody could take who has waited longer.
  private boolean mayEnter(Place place) {
    if (!isFree(place)) {
      return false;
    }
    for (Place each : waiting) {
      if (each == place) {
        return true;
      }
      if (isFree(each)) {
        return false;
      }
    }
    return true;
  }

  /// The same answer, if it is being made and was not begun before something that its asker knows.
  private SharedAnswer.@Nullable Joined join(Place asking) {
    @Nullable Place same = places.get(asking.asker);
    boolean fits = same != null && same.since.isPresent() && same.since.equals(asking.since);
    return same != null && fits ? same.answer.join() : null;
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
    if (places.values().stream()
        .anyMatch(each -> each.answer.givesWay() && holdsUp(each, waiting))) {
      return;
    }
    long now = System.nanoTime();
    places.values().stream()
        .filter(each -> holdsUp(each, waiting))
        .map(each -> each.answer)
        .filter(each -> each.isHeldUpFor(patienceNanos, now))
        .max(Comparator.comparingLong(each -> each.heldUpFor(now)))
        .ifPresent(SharedAnswer::giveWay);
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
  final class Place implements Entered, AutoCloseable {
    private final Asker asker;
    private final String address;
    private final Optional<AnswerCounts.Mark> since;
    private final SharedAnswer answer;
    private boolean hasTurn;

    private Place(Asked asked) {
      this.asker = asked.asker();
      this.address = asked.address();
      this.since = asked.since();
      this.answer =
          new SharedAnswer(lock, kept, since.isPresent(), patienceNanos, () -> leave(this));
    }

    /// Gives the next piece to those who take the same answer. Others work meanwhile.
    ///
    /// @param bytes to be used before the call returns only
    /// @param last whether the answer has been made with it
    /// @throws CloseConnectionException if nobody takes the answer any more
    void share(byte[] bytes, int length, boolean last) throws InterruptedException {
      pause();
      if (since.isPresent()) {
        answer.add(bytes, length, last);
      }
    }

    /// Sends something to the client, and lets others work meanwhile.
    ///
    /// @param work may be interrupted
    /// @throws CloseConnectionException if the client was too slow for who waits for the place
    void send(Runnable work) {
      pause();
      answer.send(work);
    }

    /// The client is gone.
    ///
    /// @return whether the answer is to be made nevertheless, for others who take it
    boolean goesOnForOthers() {
      return answer.goesOnForOthers();
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

    /// Its work is over. The place is free when those have the answer, too, who take it.
    @Override
    public void close() {
      pause();
      lock.lock();
      try {
        answer.end();
      } finally {
        lock.unlock();
      }
    }
  }

  private void leave(Place place) {
    places.remove(place.asker, place);
    oneLess(byUser, place.asker.user());
    oneLess(byAddress, place.address);
    changed.signalAll();
  }

  /// Counts what was answered to whom, so that nobody is given an answer that was begun before
  /// something he knows of: a read that follows a write of the same user sees it, and so does a
  /// read that follows a `/sync` of the same device.
  ///
  /// **bound**: [#COUNTERS]; users and devices share them by their hashes. So now and then an
  /// answer is made that could have been joined, and never the other way round. **thread**: any.
  static final class AnswerCounts {
    static final int COUNTERS = 1 << 16;

    private final AtomicIntegerArray counts = new AtomicIntegerArray(COUNTERS);

    /// What had been answered at some time.
    record Mark(int ofUser, int ofDevice) {}

    /// What has been answered by now.
    ///
    /// @param user or the address of who is none
    /// @param device empty for none
    Mark mark(String user, String device) {
      return new Mark(counts.get(place(user)), counts.get(place(user, device)));
    }

    /// A request of the user that may have changed something is about to be answered.
    void wrote(String user) {
      counts.incrementAndGet(place(user));
    }

    /// The device is about to be told what has happened.
    void told(String user, String device) {
      counts.incrementAndGet(place(user, device));
    }

    private static int place(String user) {
      return place(user.hashCode());
    }

    private static int place(String user, String device) {
      return place(31 * (user.hashCode() + 1) + device.hashCode());
    }

    private static int place(int hash) {
      return (hash ^ (hash >>> 16)) & (COUNTERS - 1);
    }
  }
}
