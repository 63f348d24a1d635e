package org.hearth.server.admin;

import java.time.Duration;
import java.util.List;
import org.hearth.ringlogs.DeadLetter;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.ReplyTimeoutException;
import org.hearth.server.store.ParkedKey;
import org.hearth.server.store.Store;

/// Lists parked entries and lets them go on.
///
/// The panel asks twice a second: the store is asked only while something is parked, and then for
/// the letters without their bodies. What an earlier version parked for a log or a consumer that is
/// no more can only be discarded.
///
/// **thread**: any.
final class Parking {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final int MOST_SHOWN = 500;

  private final Store store;
  private final Admin.Wiring wiring;

  /// Whether something may be parked for a consumer that is no more. It does not become more while
  /// this version runs.
  private volatile boolean ownerless = true;

  Parking(Store store, Admin.Wiring wiring) {
    this.store = store;
    this.wiring = wiring;
  }

  List<ParkedEntries> all() {
    boolean parked =
        wiring.figures().get().stream()
            .flatMap(log -> log.consumers().stream())
            .anyMatch(consumer -> !consumer.parkedKeys().isEmpty());
    if (!parked && !ownerless) {
      return List.of();
    }
    List<ParkedKey> keys = store.parkedKeys(MOST_SHOWN);
    if (!parked) {
      ownerless = !keys.isEmpty();
    }
    return keys.stream()
        .map(each ->
            new ParkedEntries(
                each.log(),
                each.consumer(),
                each.partitionKey(),
                each.letters(),
                each.failure(),
                each.parkedAt()))
        .toList();
  }

  ReleasedEntries release(String log, String consumer, String key, boolean discardFirst) {
    List<DeadLetter.Label> letters = store.deadLetters().of(log, consumer, key);
    if (letters.isEmpty()) {
      throw new AdminException(
          "Nothing of %s is parked in %s for %s.".formatted(key, log, consumer));
    }
    try {
      ReleaseResult result =
          wiring.releasing().release(log, consumer, key, discardFirst).await(PATIENCE);
      return new ReleasedEntries(result.handled(), result.discarded(), result.remaining());
    } catch (IllegalArgumentException e) {
      if (!discardFirst) {
        throw new AdminException(
            "This version has no %s that reads %s; what is parked for it can only be discarded."
                .formatted(consumer, log),
            e);
      }
      letters.forEach(store.deadLetters()::remove);
      return new ReleasedEntries(0, letters.size(), 0);
    } catch (ReplyTimeoutException e) {
      throw new AdminException(
          "%s did not answer within %d s; the entries are parked still."
              .formatted(consumer, PATIENCE.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException("The program ends; the entries are parked still.", e);
    }
  }
}
