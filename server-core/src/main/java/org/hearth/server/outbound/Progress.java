package org.hearth.server.outbound;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// How far an exchange is, between the thread that does it and the caller who waits for it.
///
/// The exchange says which phase it is in and which socket it uses; the caller watches the clock
/// and closes the socket when a phase, or the whole, has taken too long. The first outcome counts.
final class Progress {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Duration whole;
  private final long wholeEnds;

  private Phase phase = Phase.QUEUE;
  private Duration allowed;
  private long phaseEnds;
  private @Nullable Closeable socket;
  private @Nullable Outcome outcome;
  private @Nullable Throwable defect;

  Progress(Duration whole) {
    this.whole = whole;
    this.wholeEnds = System.nanoTime() + whole.toNanos();
    this.allowed = whole;
    this.phaseEnds = wholeEnds;
  }

  /// The exchange begins a phase that has no limit but the whole's.
  void enter(Phase next) {
    enter(next, whole);
  }

  /// The exchange begins a phase.
  void enter(Phase next, Duration limit) {
    lock.lock();
    try {
      long ends = System.nanoTime() + limit.toNanos();
      boolean sooner = ends - wholeEnds < 0;
      phase = next;
      allowed = sooner ? limit : whole;
      phaseEnds = sooner ? ends : wholeEnds;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// The exchange uses this socket from now on; it is closed at once if nobody waits any more.
  void uses(Closeable next) throws IOException {
    lock.lock();
    try {
      socket = next;
      if (isSettled()) {
        next.close();
      }
    } finally {
      lock.unlock();
    }
  }

  /// The exchange gives its socket away: to the idle connections, or closed.
  ///
  /// @return whether the caller did not close it
  boolean release() {
    lock.lock();
    try {
      socket = null;
      return !isSettled();
    } finally {
      lock.unlock();
    }
  }

  void settle(Outcome result) {
    lock.lock();
    try {
      if (!isSettled()) {
        outcome = result;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// The exchange found a defect of this program.
  void settle(Throwable failure) {
    lock.lock();
    try {
      if (!isSettled()) {
        defect = failure;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// The caller waits until there is an outcome, or a limit is reached.
  Outcome await() throws InterruptedException {
    lock.lock();
    try {
      while (true) {
        if (defect != null) {
          throw new IllegalStateException("an outgoing request failed by a defect", defect);
        }
        if (outcome != null) {
          return outcome;
        }
        long left = phaseEnds - System.nanoTime();
        if (left <= 0) {
          outcome = new Failure.TimedOut(phase, allowed);
          return outcome;
        }
        changed.await(left, TimeUnit.NANOSECONDS);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Nobody waits any more: what is under way ends with this outcome, and its socket is closed.
  void abandon(Outcome result) throws IOException {
    lock.lock();
    try {
      settle(result);
      if (socket != null) {
        socket.close();
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isSettled() {
    return outcome != null || defect != null;
  }
}
