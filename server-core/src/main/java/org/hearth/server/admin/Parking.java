package org.hearth.server.admin;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.ringlogs.DeadLetter;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.ReplyTimeoutException;
import org.hearth.server.store.Store;

/// Lists parked entries and lets them go on.
///
/// The logs know what they have parked. What an earlier version parked for a log or a consumer that
/// is no more is in the store only, and can only be discarded: the store is asked while there is
/// some of it, for the letters without their bodies, because the panel asks twice a second.
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
    List<ParkedKey> stored = ownerless ? store.parkedKeys(MOST_SHOWN) : List.of();
    // Asked after the store: a log knows of a letter before it is stored.
    List<ParkedKey> parked = wiring.parked().get();
    Set<Place> known = parked.stream().map(Place::of).collect(Collectors.toSet());
    List<ParkedKey> others =
        stored.stream().filter(each -> !known.contains(Place.of(each))).toList();
    ownerless = !others.isEmpty() || stored.size() == MOST_SHOWN;
    return Stream.concat(parked.stream(), others.stream())
        .sorted(
            Comparator.comparing(ParkedKey::log)
                .thenComparing(ParkedKey::consumer)
                .thenComparing(ParkedKey::parkedAt)
                .thenComparing(ParkedKey::partitionKey))
        .limit(MOST_SHOWN)
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

  /// Where something is parked.
  private record Place(String log, String consumer, String key) {
    static Place of(ParkedKey parked) {
      return new Place(parked.log(), parked.consumer(), parked.partitionKey());
    }
  }

  ReleasedEntries release(String log, String consumer, String key, boolean discardFirst) {
    boolean known =
        wiring.parked().get().stream()
            .anyMatch(each -> Place.of(each).equals(new Place(log, consumer, key)));
    List<DeadLetter.Label> letters = known ? List.of() : store.deadLetters().of(log, consumer, key);
    if (!known && letters.isEmpty()) {
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
