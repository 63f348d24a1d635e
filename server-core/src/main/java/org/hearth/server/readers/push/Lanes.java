package org.hearth.server.readers.push;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/// Gives pushers their turns: one at a time for each, on a virtual thread.
///
/// A gateway is a lane. One that answered last has [#MOST_A_GATEWAY] turns at a time, one that did
/// not, or was not asked yet, has one. The former share [#MOST_ANSWERING] turns, the latter
/// [#MOST_TRIED], so that however many gateways hang, those that work have turns.
///
/// **bound**: turns as said; who waits is one entry a pusher; [#MOST_KNOWN] lanes where nobody
/// waits are remembered as answering. **thread**: any.
final class Lanes {
  static final int MOST_A_GATEWAY = 4;
  static final int MOST_ANSWERING = 192;
  static final int MOST_TRIED = 64;
  static final int MOST_KNOWN = 1_000;

  private final Function<Worker, Optional<Boolean>> turn;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final Map<Worker, State> states = new HashMap<>();

  /// By gateway; those where nobody waits in the order in which they became so.
  private final Map<String, Lane> lanes = new LinkedHashMap<>();

  private final Pool answering = new Pool(MOST_ANSWERING);
  private final Pool tried = new Pool(MOST_TRIED);
  private boolean stopped;

  /// What a pusher does that has something to do.
  private enum State {
    WAITING,
    RUNNING,
    /// It has something more to do.
    RUNNING_WANTED
  }

  /// Guarded by the lock.
  private static final class Lane {
    private final String gateway;
    private final Deque<Worker> waiting = new ArrayDeque<>();
    private int running;
    private boolean answers;

    Lane(String gateway) {
      this.gateway = gateway;
    }

    boolean isReady() {
      return !waiting.isEmpty() && running < (answers ? MOST_A_GATEWAY : 1);
    }

    boolean isIdle() {
      return waiting.isEmpty() && running == 0;
    }
  }

  /// Turns that lanes share; guarded by the lock.
  private static final class Pool {
    private final int most;
    private int running;
    private final LinkedHashSet<Lane> ready = new LinkedHashSet<>();

    Pool(int most) {
      this.most = most;
    }
  }

  /// @param turn has a pusher's turn, and says whether its gateway answered; empty if it was not
  ///   asked. It throws nothing
  Lanes(Function<Worker, Optional<Boolean>> turn) {
    this.turn = turn;
  }

  /// Has a pusher have a turn soon, whatever it does now. Quick.
  void add(Worker worker) {
    lock.lock();
    try {
      if (stopped) {
        return;
      }
      State before = states.get(worker);
      if (before == null) {
        await(worker);
        begin();
      } else if (before == State.RUNNING) {
        states.put(worker, State.RUNNING_WANTED);
      }
    } finally {
      lock.unlock();
    }
  }

  private void await(Worker worker) {
    states.put(worker, State.WAITING);
    Lane lane = lanes.computeIfAbsent(worker.gateway(), Lane::new);
    lane.waiting.add(worker);
    offer(lane);
  }

  private void offer(Lane lane) {
    if (lane.isReady()) {
      var _ = (lane.answers ? answering : tried).ready.add(lane);
    }
  }

  private void begin() {
    begin(answering);
    begin(tried);
  }

  private void begin(Pool pool) {
    while (pool.running < pool.most && !pool.ready.isEmpty()) {
      Lane lane = pool.ready.removeFirst();
      Worker worker = lane.waiting.remove();
      states.put(worker, State.RUNNING);
      lane.running++;
      pool.running++;
      offer(lane);
      Thread.ofVirtual().name("push " + lane.gateway).start(() -> run(worker, lane, pool));
    }
  }

  private void run(Worker worker, Lane lane, Pool pool) {
    Optional<Boolean> answered = Optional.empty();
    try {
      answered = turn.apply(worker);
    } finally {
      done(worker, lane, pool, answered);
    }
  }

  private void done(Worker worker, Lane lane, Pool pool, Optional<Boolean> answered) {
    lock.lock();
    try {
      lane.running--;
      pool.running--;
      answering.ready.remove(lane);
      tried.ready.remove(lane);
      answered.ifPresent(each -> lane.answers = each);
      if (states.remove(worker) == State.RUNNING_WANTED && !stopped) {
        await(worker);
      }
      offer(lane);
      settle(lane);
      begin();
      idle.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Remembers of a lane where nobody waits that it answers, if it does.
  private void settle(Lane lane) {
    if (!lane.isIdle()) {
      return;
    }
    lanes.remove(lane.gateway);
    if (lane.answers) {
      lanes.put(lane.gateway, lane);
      if (lanes.size() > MOST_KNOWN) {
        Iterator<Lane> each = lanes.values().iterator();
        while (each.hasNext()) {
          if (each.next().isIdle()) {
            each.remove();
            return;
          }
        }
      }
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
      answering.ready.clear();
      tried.ready.clear();
      lanes.values().forEach(each -> each.waiting.clear());
      states.values().removeIf(each -> each == State.WAITING);
      long left = patience.toNanos();
      while (!states.isEmpty() && left > 0) {
        left = idle.awaitNanos(left);
      }
      return states.isEmpty();
    } finally {
      lock.unlock();
    }
  }
}
