package org.hearth.server.writers.federationmembership.joining;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The turns of answers to joins that take much memory: small ones go on beside each other, of
/// large ones there is one at a time. One that comes too slowly while another waits ([Pace]) is
/// given up.
///
/// **thread**: any; who has to wait does.
final class LargeAnswers {
  /// What an answer may keep without a turn.
  static final long SMALL_BYTES = 2 << 20;

  /// How long another large one is waited for.
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /// How often who waits looks at who has the turn.
  private static final Duration LOOK = Duration.ofMillis(250);

  private final LongSupplier nanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Place> waiting = new ArrayDeque<>();
  private @Nullable Place holder;

  /// @param nanos a time that only goes on
  LargeAnswers(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /// The place of one answer, which ends with the answer's use.
  final class Place implements AutoCloseable {
    private final CompletableFuture<Void> givenUp = new CompletableFuture<>();

    /// That of the answer while it has the turn.
    private final Pace pace = new Pace(nanos);

    /// That of the join.
    private final Pace join;

    private boolean ended;

    private Place(Pace join) {
      this.join = join;
    }

    /// Whether the answer may keep so much; waits for a turn when that is large.
    boolean mayKeep(long bytes) {
      join.has(bytes);
      if (bytes <= SMALL_BYTES) {
        return true;
      }
      lock.lock();
      try {
        if (holder == this || ended) {
          pace.has(bytes);
          return holder == this;
        }
        return await(bytes);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        return false;
      } finally {
        lock.unlock();
      }
    }

    private boolean await(long bytes) throws InterruptedException {
      join.rests();
      long end = System.nanoTime() + PATIENCE.toNanos();
      waiting.addLast(this);
      try {
        while (!ended && (holder != null || waiting.getFirst() != this)) {
          if (System.nanoTime() - end > 0) {
            return false;
          }
          if (holder != null && holder.pace.isSlow()) {
            holder.givenUp.complete(null);
          }
          var _ = changed.await(LOOK.toNanos(), TimeUnit.NANOSECONDS);
        }
        // Who sent the request may have given up meanwhile.
        if (!ended) {
          holder = this;
          join.begins();
          pace.has(bytes);
          pace.begins();
        }
        return !ended;
      } finally {
        waiting.remove(this);
        changed.signalAll();
      }
    }

    /// The whole answer has come.
    void isHere() {
      join.rests();
      pace.rests();
    }

    /// Completes when the answer is not to be waited for any longer.
    CompletableFuture<Void> givenUp() {
      return givenUp;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        ended = true;
        if (holder == this) {
          holder = null;
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /// @param join is told how much of the answer is here
  Place place(Pace join) {
    return new Place(join);
  }
}
