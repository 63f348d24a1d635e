package org.hearth.server.http;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Counts requests: those under way, and the answered ones by what became of them; and knows which
/// devices are sending.
///
/// **thread**: any; takes a lock only when the last request ends while somebody waits for it.
final class InFlight {
  /// How long the news for a device wait for the answers to what it has sent itself.
  static final Duration LONGEST_FOR_SENDS = Duration.ofMillis(100);

  private final AtomicLong underWay = new AtomicLong();
  private final LongAdder requests = new LongAdder();
  private final LongAdder serverErrors = new LongAdder();
  private final LongAdder limited = new LongAdder();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();
  private volatile boolean awaited;

  /// Messages under way, by who sends them.
  private final Map<Sender, Set<Sending>> sends = new ConcurrentHashMap<>();

  private record Sender(String user, String device) {}

  /// A message that a device sends; closed when it is answered.
  final class Sending implements AutoCloseable {
    private final Sender sender;
    private final CountDownLatch answered = new CountDownLatch(1);

    private Sending(Sender sender) {
      this.sender = sender;
    }

    @Override
    public void close() {
      sends.computeIfPresent(
          sender,
          (_, all) -> {
            all.remove(this);
            return all.isEmpty() ? null : all;
          });
      answered.countDown();
    }
  }

  /// A device sends a message from now on.
  Sending sending(String user, String device) {
    Sender sender = new Sender(user, device);
    Sending sending = new Sending(sender);
    sends.compute(
        sender,
        (_, before) -> {
          Set<Sending> all = before == null ? ConcurrentHashMap.newKeySet() : before;
          all.add(sending);
          return all;
        });
    return sending;
  }

  /// Waits until what the device is sending now is answered, so that it knows its own message when
  /// its news have it: matrix-js-sdk takes one in a thread for a failure otherwise.
  ///
  /// @param most how long at most
  void awaitSends(String user, String device, Duration most) {
    Set<Sending> now = sends.get(new Sender(user, device));
    if (now == null) {
      return;
    }
    long end = System.nanoTime() + most.toNanos();
    try {
      for (Sending each : List.copyOf(now)) {
        if (!each.answered.await(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          return;
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // The news are told all the same.
    }
  }

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
