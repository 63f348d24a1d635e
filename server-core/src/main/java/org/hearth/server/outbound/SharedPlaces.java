package org.hearth.server.outbound;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Places for questions to other servers: so many at a time, of these a quarter for one who asks.
/// Names of servers cost nothing, and whoever stands behind them may answer never: so who asks for
/// such ones uses up what is theirs, and keeps nobody from the servers that answer.
///
/// **bound**: so many places. Who waits is not bounded here. **thread**: any.
public final class SharedPlaces {
  private final int ofOne;
  private final Semaphore all;

  /// Those who wait or have a place. Guarded by itself.
  private final Map<String, Own> owns = new HashMap<>();

  /// The places of one who asks.
  private static final class Own {
    private final Semaphore free;
    private int users;

    Own(int places) {
      this.free = new Semaphore(places, true);
    }
  }

  public SharedPlaces(int atOnce) {
    this.ofOne = Math.max(1, atOnce / 4);
    this.all = new Semaphore(atOnce, true);
  }

  /// Waits for a place; who gets one gives it back.
  ///
  /// @param asker on whose behalf: a user, or an address
  /// @return whether there was one in time
  public boolean take(String asker, Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    Own own = enter(asker);
    boolean taken = false;
    boolean mine = false;
    try {
      mine = own.free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS);
      taken = mine && all.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      return taken;
    } finally {
      if (!taken) {
        leave(asker, mine);
      }
    }
  }

  /// Gives a place back.
  public void giveBack(String asker) {
    all.release();
    leave(asker, true);
  }

  private Own enter(String asker) {
    synchronized (owns) {
      Own own = owns.computeIfAbsent(asker, _ -> new Own(ofOne));
      own.users++;
      return own;
    }
  }

  private void leave(String asker, boolean withPlace) {
    synchronized (owns) {
      Own own = owns.get(asker);
      if (own == null) {
        throw new IllegalStateException(asker + " has no place");
      }
      if (withPlace) {
        own.free.release();
      }
      own.users--;
      if (own.users == 0) {
        owns.remove(asker);
      }
    }
  }

  /// Who waits or has a place.
  int askers() {
    synchronized (owns) {
      return owns.size();
    }
  }
}
