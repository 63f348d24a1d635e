package org.hearth.server.outbound;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;

/// The bound on requests under way and on those that wait: per destination, and overall.
///
/// A request enters, waits for its turn, and leaves. One that finds too many others is refused at
/// once.
///
/// **thread**: any
final class Slots {
  private static final int WAITING_PER_DESTINATION = 64;
  private static final int WAITING = 2_048;

  private final int perDestination;
  private final int most;
  private final Semaphore overall;
  private final Map<Destination, Turns> turns = new HashMap<>();
  private int entered;

  /// The requests of one destination that entered and did not leave; guarded by the slots' lock.
  private static final class Turns {
    private final Semaphore free;
    private int entered;

    Turns(int free) {
      this.free = new Semaphore(free, true);
    }
  }

  Slots(int perDestination, int connections) {
    this.perDestination = perDestination;
    this.most = connections + WAITING;
    this.overall = new Semaphore(connections, true);
  }

  /// Takes a slot if there is one.
  ///
  /// @return whether there was room; whoever gets true must leave
  synchronized boolean enter(Destination destination) {
    Turns own = turns.get(destination);
    if (entered >= most
        || (own != null && own.entered >= perDestination + WAITING_PER_DESTINATION)) {
      return false;
    }
    if (own == null) {
      own = new Turns(perDestination);
      turns.put(destination, own);
    }
    own.entered++;
    entered++;
    return true;
  }

  synchronized void leave(Destination destination) {
    Turns own = entered(destination);
    own.entered--;
    entered--;
    if (own.entered == 0) {
      turns.remove(destination);
    }
  }

  /// Waits for a turn; whoever entered and got one must give it back before leaving.
  void take(Destination destination) throws InterruptedException {
    Semaphore free = free(destination);
    free.acquire();
    try {
      overall.acquire();
    } catch (InterruptedException e) {
      free.release();
      throw e;
    }
  }

  void giveBack(Destination destination) {
    overall.release();
    free(destination).release();
  }

  private synchronized Semaphore free(Destination destination) {
    return entered(destination).free;
  }

  private Turns entered(Destination destination) {
    Turns own = turns.get(destination);
    if (own == null) {
      throw new IllegalStateException("nobody entered for " + destination);
    }
    return own;
  }
}
