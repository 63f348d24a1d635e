package org.hearth.server.readers.federationdelivery;

import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/// Gives queues their turns: one at a time for each, on a virtual thread that is there for the turn
/// only.
///
/// Servers that answered last share [#ANSWERING] turns, those that were not asked yet [#NEW], those
/// that did not answer [#FAILING]: so that servers that work have turns, however many others hang.
/// One that did not answer and is to be tried soon ([Queue#turns]) is among those that were not
/// asked yet, also if it waits already. Those who share turns have them by who has caused it
/// ([Lines]), so that a room full of made-up servers holds up nobody else's. A turn of the first
/// two kinds that goes on for [#SLOW] gives up its place to who waits for one, and the next one of
/// that server is among those of servers that do not answer: else servers that answer now and then
/// could hang in the places of those that work.
///
/// **bound**: turns as said, and of each of the two kinds [#MOST_SLOW] that have given up their
/// places; who waits is [#MOST_CAUSES] entries a queue. **thread**: any; one more a kind of servers
/// while some of that kind wait.
final class Turns {
  static final int ANSWERING = 96;
  static final int NEW = 48;
  static final int FAILING = 16;
  static final Duration SLOW = Duration.ofSeconds(5);
  static final int MOST_SLOW = 96;

  /// Of the time after which a turn is slow, when it is looked again whether one has ended.
  private static final int LOOKS = 10;

  /// In so many lines one queue waits.
  private static final int MOST_CAUSES = 4;

  private final Predicate<Queue> turn;
  private final Duration slowAfter;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final Condition stopping = lock.newCondition();
  private final Map<Queue, Waiter> waiters = new HashMap<>();
  private final Map<Queue.Standing, Pool> pools = new EnumMap<>(Queue.Standing.class);
  private boolean stopped;

  /// A queue that has something to send; guarded by the lock.
  private static final class Waiter {
    private Pool pool;
    private boolean running;

    /// While it runs: there is something more.
    private boolean wanted;

    /// In which lines of its pool it waits.
    private final Set<Cause> causes = new LinkedHashSet<>();

    Waiter(Pool pool) {
      this.pool = pool;
    }
  }

  /// Turns that queues share; guarded by the lock.
  private static final class Pool {
    private final int most;
    private final int mostSlow;

    /// Whose turns have places, and when they began; the first is the one that began first.
    private final SequencedMap<Queue, Long> running = new LinkedHashMap<>();

    /// Whose turns go on without a place.
    private final Set<Queue> slow = new HashSet<>();

    private final Lines<Queue> waiting = new Lines<>();

    /// Whether a thread waits for turns that go on for too long.
    private boolean watched;

    Pool(int most, int mostSlow) {
      this.most = most;
      this.mostSlow = mostSlow;
    }
  }

  /// @param turn has a queue's turn, and says whether there is more to send. It throws nothing but
  ///   an [Error]
  Turns(Predicate<Queue> turn) {
    this(turn, SLOW);
  }

  /// @param slowAfter in place of [#SLOW]
  Turns(Predicate<Queue> turn, Duration slowAfter) {
    this.turn = turn;
    this.slowAfter = slowAfter;
    pools.put(Queue.Standing.ANSWERS, new Pool(ANSWERING, MOST_SLOW));
    pools.put(Queue.Standing.NEW, new Pool(NEW, MOST_SLOW));
    pools.put(Queue.Standing.FAILS, new Pool(FAILING, 0));
  }

  /// Has a queue have a turn soon, whatever it does now. Quick.
  void add(Queue queue) {
    lock.lock();
    try {
      if (stopped) {
        return;
      }
      Pool pool = pool(queue);
      Waiter waiter = waiters.computeIfAbsent(queue, _ -> new Waiter(pool));
      if (waiter.running) {
        waiter.wanted = true;
      } else {
        await(queue, waiter, pool);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Waits in that pool, where it may wait already, and in no other.
  private void await(Queue queue, Waiter waiter, Pool pool) {
    if (!waiter.pool.equals(pool)) {
      for (Cause each : waiter.causes) {
        waiter.pool.waiting.remove(each, queue);
        pool.waiting.add(each, queue);
      }
      waiter.pool = pool;
    }
    Cause cause = queue.cause();
    if (waiter.causes.size() < MOST_CAUSES && waiter.causes.add(cause)) {
      pool.waiting.add(cause, queue);
    }
    begin(pool);
  }

  private Pool pool(Queue queue) {
    return Objects.requireNonNull(pools.get(queue.turns()), "there are turns for all");
  }

  private void begin(Pool pool) {
    while (!pool.waiting.isEmpty() && hasPlace(pool)) {
      Optional<Queue> next = pool.waiting.poll();
      Waiter waiter = next.map(waiters::get).orElse(null);
      if (waiter != null) {
        Queue queue = next.get();
        waiter.causes.forEach(each -> pool.waiting.remove(each, queue));
        waiter.causes.clear();
        waiter.running = true;
        pool.running.put(queue, System.nanoTime());
        var _ = Thread.ofVirtual().name("delivery " + queue.name()).start(() -> run(queue, pool));
      }
    }
    if (!pool.waiting.isEmpty() && !pool.watched && pool.mostSlow > 0) {
      pool.watched = true;
      var _ = Thread.ofVirtual().name("delivery-turns").start(() -> watch(pool));
    }
  }

  /// Whether another turn may begin; one that goes on for too long gives up its place for it.
  private boolean hasPlace(Pool pool) {
    if (pool.running.size() < pool.most) {
      return true;
    }
    if (pool.slow.size() >= pool.mostSlow || nanosToSlow(pool) > 0) {
      return false;
    }
    return pool.slow.add(pool.running.pollFirstEntry().getKey());
  }

  /// How long until the oldest turn of those that have places goes on for too long.
  private long nanosToSlow(Pool pool) {
    return slowAfter.toNanos() - (System.nanoTime() - pool.running.firstEntry().getValue());
  }

  /// Has turns begin in the place of slow ones for as long as somebody waits.
  private void watch(Pool pool) {
    lock.lock();
    try {
      while (!stopped && !pool.waiting.isEmpty()) {
        var _ = stopping.awaitNanos(Math.max(slowAfter.toNanos() / LOOKS, nanosToSlow(pool)));
        begin(pool);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      pool.watched = false;
      lock.unlock();
    }
  }

  private void run(Queue queue, Pool pool) {
    boolean more = false;
    try {
      more = turn.test(queue);
    } finally {
      done(queue, pool, more);
    }
  }

  private void done(Queue queue, Pool pool, boolean more) {
    lock.lock();
    try {
      boolean wasSlow = pool.slow.remove(queue);
      queue.slow(wasSlow);
      if (!wasSlow) {
        pool.running.remove(queue);
      }
      Waiter waiter = waiters.remove(queue);
      if (waiter != null && (waiter.wanted || more) && !stopped) {
        Pool next = pool(queue);
        Waiter again = new Waiter(next);
        waiters.put(queue, again);
        await(queue, again, next);
      }
      begin(pool);
      idle.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Begins no more turns, and waits for the end of those that there are.
  ///
  /// @return whether they have ended
  /// @throws InterruptedException if the thread is interrupted while it waits
  boolean stop(Duration patience) throws InterruptedException {
    lock.lock();
    try {
      stopped = true;
      stopping.signalAll();
      pools.values().forEach(each -> each.waiting.clear());
      waiters.values().removeIf(each -> !each.running);
      long left = patience.toNanos();
      while (!waiters.isEmpty() && left > 0) {
        left = idle.awaitNanos(left);
      }
      return waiters.isEmpty();
    } finally {
      lock.unlock();
    }
  }
}
