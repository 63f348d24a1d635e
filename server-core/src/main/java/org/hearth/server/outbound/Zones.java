package org.hearth.server.outbound;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Lets so many lookups of one zone go on at a time, so that its silent name servers hold up its
/// own names and not everybody's.
///
/// **thread**: any. **bound**: a zone is remembered while somebody waits in it.
final class Zones {
  private final int perZone;
  private final Map<String, Turns> all = new HashMap<>();

  private static final class Turns {
    private final Semaphore free;

    /// Those who wait or have a turn; guarded by the zones' lock.
    private int users;

    Turns(int free) {
      this.free = new Semaphore(free, true);
    }
  }

  Zones(int perZone) {
    this.perZone = perZone;
  }

  /// The last two labels: mostly what one owner's name servers answer for, sometimes what many
  /// owners share (`co.uk`).
  static String of(String name) {
    int last = name.lastIndexOf('.');
    return name.substring(name.lastIndexOf('.', last - 1) + 1);
  }

  /// Waits for a turn until interrupted.
  void take(String zone) throws InterruptedException {
    var _ = take(zone, Long.MAX_VALUE);
  }

  /// Waits for a turn.
  ///
  /// @return whether there was one before so many nanoseconds had passed
  boolean take(String zone, long nanos) throws InterruptedException {
    Turns turns;
    synchronized (this) {
      turns = all.computeIfAbsent(zone, _ -> new Turns(perZone));
      turns.users++;
    }
    boolean taken = false;
    try {
      taken = turns.free.tryAcquire(nanos, TimeUnit.NANOSECONDS);
    } finally {
      if (!taken) {
        var _ = leave(zone);
      }
    }
    return taken;
  }

  void giveBack(String zone) {
    leave(zone).free.release();
  }

  private synchronized Turns leave(String zone) {
    Turns turns = Objects.requireNonNull(all.get(zone), "whoever leaves has entered");
    turns.users--;
    if (turns.users == 0) {
      all.remove(zone);
    }
    return turns;
  }
}
