package org.hearth.server.servers.room;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Places of which each key has its own: so many may have one at a time, and so many wait.
///
/// **bound**: of a key as given; a key is kept while somebody has or awaits a place of it.
/// **thread**: any that may wait.
final class PlacesPerKey<K> {
  private final int atOnce;
  private final int waiting;

  /// Guarded by itself.
  private final Map<K, Own> owns = new HashMap<>();

  /// The places of one key.
  private static final class Own {
    private final Semaphore free;
    private int users;

    Own(int places) {
      this.free = new Semaphore(places, true);
    }
  }

  PlacesPerKey(int atOnce, int waiting) {
    this.atOnce = atOnce;
    this.waiting = waiting;
  }

  /// Somebody's place, which is given back by [#close].
  final class Place implements AutoCloseable {
    private final K key;
    private final Own own;
    private final boolean waitedFor;

    private Place(K key, Own own, boolean waitedFor) {
      this.key = key;
      this.own = own;
      this.waitedFor = waitedFor;
    }

    /// Whether others had all the places at first.
    boolean wasWaitedFor() {
      return waitedFor;
    }

    @Override
    public void close() {
      own.free.release();
      leave(key, own);
    }
  }

  /// Waits for a place.
  ///
  /// @return empty if there was none in time, or too many wait already
  Optional<Place> take(K key, Duration patience) throws InterruptedException {
    Own own;
    synchronized (owns) {
      own = owns.computeIfAbsent(key, _ -> new Own(atOnce));
      if (own.users >= atOnce + waiting) {
        return Optional.empty();
      }
      own.users++;
    }
    boolean taken = false;
    try {
      boolean atOnceFree = own.free.tryAcquire();
      taken = atOnceFree || own.free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS);
      return taken ? Optional.of(new Place(key, own, !atOnceFree)) : Optional.empty();
    } finally {
      if (!taken) {
        leave(key, own);
      }
    }
  }

  private void leave(K key, Own own) {
    synchronized (owns) {
      own.users--;
      if (own.users == 0) {
        owns.remove(key);
      }
    }
  }

  /// For how many keys somebody has or awaits a place.
  int keys() {
    synchronized (owns) {
      return owns.size();
    }
  }
}
