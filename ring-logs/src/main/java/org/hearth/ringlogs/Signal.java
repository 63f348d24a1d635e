package org.hearth.ringlogs;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// Wakes threads that wait for a change of something volatile. It costs the changing thread one
/// fence and one read while nobody waits.
///
/// A waiter counts itself, then looks at the condition; a changer changes, then looks at the count;
/// each with a full fence between. So at least one of them sees the other, and no wake-up is lost:
/// the changer that sees a waiter takes the lock, which it gets only when the waiter sleeps.
final class Signal {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final AtomicInteger waiters = new AtomicInteger();

  /// Called after the change. **Thread**: any.
  void raise() {
    VarHandle.fullFence();
    if (waiters.getOpaque() == 0) {
      return;
    }
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits for as long as it takes.
  ///
  /// @param condition over volatile state; evaluated under the lock, so quick; what it throws ends
  ///   the wait
  <X extends Exception> void await(Check<X> condition) throws X, InterruptedException {
    lock.lock();
    waiters.incrementAndGet();
    try {
      while (!condition.holds()) {
        changed.await();
      }
    } finally {
      waiters.decrementAndGet();
      lock.unlock();
    }
  }

  /// Waits for some time.
  ///
  /// @return whether the condition holds
  boolean await(BooleanSupplier condition, long patienceNanos) throws InterruptedException {
    long deadline = System.nanoTime() + patienceNanos;
    lock.lock();
    waiters.incrementAndGet();
    try {
      while (!condition.getAsBoolean()) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        var _ = changed.awaitNanos(left);
      }
      return true;
    } finally {
      waiters.decrementAndGet();
      lock.unlock();
    }
  }

  /// A condition that may end the wait by throwing.
  @FunctionalInterface
  interface Check<X extends Exception> {
    boolean holds() throws X;
  }
}
