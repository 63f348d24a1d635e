package org.hearth.server.writers.federationsend;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.server.matrix.id.ServerName;

/// Has work done that waits for other servers, each on a virtual thread, fair to the servers that
/// caused it: one that is slow, or leads to slow ones, has [#MOST_OF_ONE] at a time, and all names
/// of one site [#MOST_OF_SITE], so that others have their turn.
///
/// **bound**: [#MOST] at a time; what waits is bounded by who adds it. **thread**: any.
final class OriginLanes {
  static final int MOST_OF_ONE = 2;
  static final int MOST_OF_SITE = 4;
  static final int MOST = 16;

  private static final System.Logger LOG = System.getLogger(OriginLanes.class.getName());

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final Map<ServerName, Lane> lanes = new HashMap<>();

  /// Lanes that may begin something; the one that began something last is at the end.
  private final LinkedHashSet<Lane> ready = new LinkedHashSet<>();

  /// By [ServerName#site].
  private final Map<String, Integer> runningOfSite = new HashMap<>();

  private int running;
  private boolean stopped;

  /// Guarded by the lock.
  private static final class Lane {
    private final ServerName origin;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private int running;

    Lane(ServerName origin) {
      this.origin = origin;
    }
  }

  /// Has something done that a server has caused.
  void add(ServerName origin, Runnable work) {
    lock.lock();
    try {
      if (!stopped) {
        Lane lane = lanes.computeIfAbsent(origin, Lane::new);
        lane.waiting.add(work);
        offer(lane);
        begin();
      }
    } finally {
      lock.unlock();
    }
  }

  private void offer(Lane lane) {
    if (!lane.waiting.isEmpty() && lane.running < MOST_OF_ONE) {
      var _ = ready.add(lane);
    }
  }

  private void begin() {
    Optional<Lane> next = next();
    while (next.isPresent()) {
      Lane lane = next.get();
      ready.remove(lane);
      Runnable work = lane.waiting.remove();
      lane.running++;
      running++;
      runningOfSite.merge(lane.origin.site(), 1, Integer::sum);
      offer(lane);
      var _ =
          Thread.ofVirtual().name("federation-send " + lane.origin).start(() -> run(lane, work));
      next = next();
    }
  }

  private Optional<Lane> next() {
    return running < MOST && !stopped
        ? ready.stream()
            .filter(each -> runningOfSite.getOrDefault(each.origin.site(), 0) < MOST_OF_SITE)
            .findFirst()
        : Optional.empty();
  }

  private void run(Lane lane, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      LOG.log(Level.ERROR, "what events of " + lane.origin + " need cannot be fetched", e);
    } finally {
      lock.lock();
      try {
        lane.running--;
        running--;
        runningOfSite.computeIfPresent(
            lane.origin.site(), (_, count) -> count == 1 ? null : count - 1);
        offer(lane);
        if (lane.running == 0 && lane.waiting.isEmpty()) {
          lanes.remove(lane.origin);
        }
        begin();
        idle.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /// Begins nothing more, and waits for the end of what is under way.
  ///
  /// @return whether it has ended
  boolean stop(Duration patience) throws InterruptedException {
    lock.lock();
    try {
      stopped = true;
      ready.clear();
      lanes.values().forEach(each -> each.waiting.clear());
      long left = patience.toNanos();
      while (running > 0 && left > 0) {
        left = idle.awaitNanos(left);
      }
      return running == 0;
    } finally {
      lock.unlock();
    }
  }
}
