package org.hearth.server.services.media;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.hearth.server.http.connection.StopSignal;

/// Those who wait for something that is about to be uploaded. How many they are is bounded by who
/// lets them wait.
///
/// **thread**: any.
final class Arrivals {
  /// Guarded by itself.
  private final Map<String, Set<CountDownLatch>> waiting = new HashMap<>();

  /// Waits until it has come.
  ///
  /// @param isThere asked before and after the wait; whatever comes between is not missed
  /// @param over raised when nobody needs to be waited for
  /// @return false if it has not come in that time
  boolean await(String mediaId, Duration patience, BooleanSupplier isThere, StopSignal over)
      throws InterruptedException {
    CountDownLatch woken = new CountDownLatch(1);
    synchronized (waiting) {
      waiting.computeIfAbsent(mediaId, _ -> new HashSet<>()).add(woken);
    }
    try (StopSignal.Registration _ = over.whenRaised(woken::countDown)) {
      return isThere.getAsBoolean()
          || (woken.await(patience.toMillis(), TimeUnit.MILLISECONDS) && isThere.getAsBoolean());
    } finally {
      synchronized (waiting) {
        waiting.computeIfPresent(
            mediaId,
            (_, all) -> {
              all.remove(woken);
              return all.isEmpty() ? null : all;
            });
      }
    }
  }

  /// It is in the database.
  void arrived(String mediaId) {
    synchronized (waiting) {
      waiting.getOrDefault(mediaId, Set.of()).forEach(CountDownLatch::countDown);
    }
  }
}
