package org.hearth.server.http.peers;

import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.hearth.server.matrix.error.MatrixException;

/// Bounds how much goes on at the same time for each of many, of whom nobody is remembered that
/// wants nothing.
///
/// **thread**: any.
final class Turns<K> {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final int most;
  private final int mostWaiting;
  private final Duration patience;
  private final ConcurrentHashMap<K, Lane> lanes = new ConcurrentHashMap<>();

  /// Those of one who have a turn or wait for one.
  private record Lane(int inside, Semaphore turns) {}

  /// @param most turns of one at the same time
  /// @param mostWaiting of one; more are refused at once
  /// @param patience how long one waits
  Turns(int most, int mostWaiting, Duration patience) {
    this.most = most;
    this.mostWaiting = mostWaiting;
    this.patience = patience;
  }

  /// Waits for a turn, until which that of another of the same key has to end.
  ///
  /// @return to be closed at the end of the turn, once
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if too many wait, or the wait was too long
  Turn take(K key) throws InterruptedException {
    Lane lane = enter(key);
    boolean taken = false;
    try {
      taken = lane.turns().tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS);
    } finally {
      if (!taken) {
        leave(key);
      }
    }
    if (!taken) {
      throw MatrixException.limitExceeded(RETRY_AFTER);
    }
    return () -> {
      lane.turns().release();
      leave(key);
    };
  }

  private Lane enter(K key) {
    return lanes.compute(
        key,
        (_, before) -> {
          if (before == null) {
            return new Lane(1, new Semaphore(most, true));
          }
          if (before.inside() >= most + mostWaiting) {
            throw MatrixException.limitExceeded(RETRY_AFTER);
          }
          return new Lane(before.inside() + 1, before.turns());
        });
  }

  private void leave(K key) {
    lanes.computeIfPresent(
        key,
        (_, before) -> before.inside() == 1 ? null : new Lane(before.inside() - 1, before.turns()));
  }

  /// How many are remembered.
  int remembered() {
    return lanes.size();
  }
}
