package org.hearth.server.writers.federationbackfill;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// The places of what asks other servers, which may be slow on purpose. While somebody waits, who
/// has had one for a while gives it up: it goes on as one of the slow ones, if there is room among
/// these, else the one of them that has been there longest is interrupted.
///
/// **bound**: [#most] quick ones and [#mostSlow] slow ones. **thread**: any; guarded by the lock.
final class Places {
  /// How often who waits looks at those who have places.
  private static final Duration LOOK = Duration.ofMillis(250);

  private final int most;
  private final int mostSlow;
  private final long quickNanos;
  private final LongSupplier nanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Object> waiting = new ArrayDeque<>();
  private final List<Place> quick = new ArrayList<>();
  private final List<Place> slow = new ArrayList<>();

  /// @param most that are quick
  /// @param mostSlow that are not
  /// @param quickly how long one counts as quick
  /// @param nanos a time that only goes on
  Places(int most, int mostSlow, Duration quickly, LongSupplier nanos) {
    this.most = most;
    this.mostSlow = mostSlow;
    this.quickNanos = quickly.toNanos();
    this.nanos = nanos;
  }

  /// The place of whoever has taken it, on whose thread it is closed.
  final class Place implements AutoCloseable {
    private final Thread thread = Thread.currentThread();
    private final long since = nanos.getAsLong();
    private boolean interrupted;

    /// Whether it was interrupted because others wait.
    boolean isGivenUp() {
      lock.lock();
      try {
        return interrupted;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        quick.remove(this);
        slow.remove(this);
        if (interrupted) {
          // What its thread does next is not to be interrupted.
          var _ = Thread.interrupted();
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    private void interrupt() {
      interrupted = true;
      thread.interrupt();
    }
  }

  /// Waits for a place; who came first has it first.
  ///
  /// @param end the moment, of [System#nanoTime], until which is waited
  /// @return empty if there was none until then
  @SuppressWarnings("ReferenceEquality") // a ticket is nothing but itself
  Optional<Place> take(long end) throws InterruptedException {
    Object ticket = new Object();
    lock.lockInterruptibly();
    try {
      waiting.addLast(ticket);
      try {
        while (waiting.getFirst() != ticket || quick.size() >= most) {
          if (System.nanoTime() - end > 0) {
            return Optional.empty();
          }
          makeRoom();
          if (quick.size() >= most || waiting.getFirst() != ticket) {
            var _ = changed.await(LOOK.toNanos(), TimeUnit.NANOSECONDS);
          }
        }
        Place place = new Place();
        quick.add(place);
        return Optional.of(place);
      } finally {
        waiting.remove(ticket);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void makeRoom() {
    if (quick.size() < most) {
      return;
    }
    Place oldest = quick.getFirst();
    if (nanos.getAsLong() - oldest.since < quickNanos) {
      return;
    }
    if (slow.size() < mostSlow) {
      quick.remove(oldest);
      slow.add(oldest);
      return;
    }
    List<Place> all = new ArrayList<>(slow);
    all.add(oldest);
    Place first = all.stream().min(Comparator.comparingLong(each -> each.since)).orElseThrow();
    if (!first.interrupted) {
      first.interrupt();
    }
  }
}
