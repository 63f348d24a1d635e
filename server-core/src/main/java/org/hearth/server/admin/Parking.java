package org.hearth.server.admin;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hearth.ringlogs.DeadLetter;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.ReleaseResult;
import org.hearth.ringlogs.ReplyTimeoutException;

/// Lists parked entries and lets them go on.
final class Parking {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final DeadLetters letters;
  private final Admin.Releasing releasing;

  Parking(DeadLetters letters, Admin.Releasing releasing) {
    this.letters = letters;
    this.releasing = releasing;
  }

  private record Place(String log, String consumer, String key) {}

  List<ParkedEntries> all() {
    Map<Place, List<DeadLetter>> places = new LinkedHashMap<>();
    for (DeadLetter letter : letters.all()) {
      places
          .computeIfAbsent(
              new Place(letter.log(), letter.consumer(), letter.partitionKey()),
              _ -> new ArrayList<>())
          .add(letter);
    }
    return places.entrySet().stream()
        .map(place -> {
          DeadLetter first = place.getValue().getFirst();
          return new ParkedEntries(
              place.getKey().log(),
              place.getKey().consumer(),
              place.getKey().key(),
              place.getValue().size(),
              first.failure(),
              first.parkedAt());
        })
        .toList();
  }

  ReleasedEntries release(String log, String consumer, String key, boolean discardFirst) {
    if (letters.of(log, consumer, key).isEmpty()) {
      throw new AdminException(
          "Nothing of %s is parked in %s for %s.".formatted(key, log, consumer));
    }
    try {
      ReleaseResult result = releasing.release(log, consumer, key, discardFirst).await(PATIENCE);
      return new ReleasedEntries(result.handled(), result.discarded(), result.remaining());
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
