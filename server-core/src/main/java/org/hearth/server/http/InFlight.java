package org.hearth.server.http;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Counts requests: those under way, and the answered ones by what became of them.
///
/// **thread**: any; takes a lock only when the last request ends while somebody waits for it.
final class InFlight {
  private final AtomicLong underWay = new AtomicLong();
  private final LongAdder requests = new LongAdder();
  private final LongAdder serverErrors = new LongAdder();
  private final LongAdder limited = new LongAdder();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();
  private volatile boolean awaited;

  void begin() {
    underWay.incrementAndGet();
  }

  void end(int status) {
    requests.increment();
    if (status >= 500) {
      serverErrors.increment();
    } else if (status == 429) {
      limited.increment();
    }
    if (underWay.decrementAndGet() == 0 && awaited) {
      lock.lock();
      try {
        none.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /// Waits until no request is under way.
  ///
  /// @return false if the time was over before
  boolean awaitNone(Duration most) throws InterruptedException {
    long nanos = most.toNanos();
    lock.lock();
    try {
      awaited = true;
      while (underWay.get() > 0) {
        if (nanos <= 0) {
          return false;
        }
        // A request that ended between the two lines above is seen at the latest after this slice.
        long slice = Math.min(nanos, TimeUnit.MILLISECONDS.toNanos(50));
        nanos -= slice - none.awaitNanos(slice);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  long underWay() {
    return underWay.get();
  }

  long requests() {
    return requests.sum();
  }

  long serverErrors() {
    return serverErrors.sum();
  }

  long limited() {
    return limited.sum();
  }
}
