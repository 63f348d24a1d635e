package org.hearth.server.admin;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.ringlogs.DeadLetter;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.ReleaseResult;
import org.hearth.ringlogs.ReplyTimeoutException;
import org.jspecify.annotations.Nullable;

/// Lists parked entries and lets them go on.
///
/// A letter is as long as the entry in it, and the panel asks twice a second. So the letters are
/// read again only when the figures of the logs say that they may have changed: another key is
/// parked, a consumer failed again, or one with a parked key went on, which is looked at every 10 s
/// at most.
///
/// **thread**: any; one reads the letters at a time.
final class Parking {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Duration LEAST_AGE = Duration.ofSeconds(10);

  private final DeadLetters letters;
  private final Admin.Wiring wiring;
  private final InstantSource clock;
  private @Nullable Listed listed;

  Parking(DeadLetters letters, Admin.Wiring wiring, InstantSource clock) {
    this.letters = letters;
    this.wiring = wiring;
    this.clock = clock;
  }

  private record Place(String log, String consumer, String key) {}

  /// What one consumer's figures say about its letters.
  private record Signs(
      String log, String consumer, List<String> keys, long failures, long consumed) {
    /// Whether the other has the same keys and failures.
    boolean alike(Signs other) {
      return keys.equals(other.keys) && failures == other.failures;
    }
  }

  /// The answer that is given again while the signs are the same.
  private record Listed(List<Signs> signs, Instant read, List<ParkedEntries> entries) {}

  synchronized List<ParkedEntries> all() {
    List<Signs> signs = signs();
    Instant now = clock.instant();
    Listed before = listed;
    if (before != null && stillHolds(before, signs, now)) {
      return before.entries();
    }
    List<ParkedEntries> entries = read();
    // A key shows in the figures a moment before its letter is stored.
    listed = allListed(signs, entries) ? new Listed(signs, now, entries) : null;
    return entries;
  }

  private List<Signs> signs() {
    return wiring.figures().get().stream()
        .flatMap(log ->
            log.consumers().stream()
                .map(each ->
                    new Signs(
                        log.log(),
                        each.consumer(),
                        each.parkedKeys(),
                        each.failures(),
                        each.parkedKeys().isEmpty() ? 0 : each.consumed())))
        .toList();
  }

  private static boolean stillHolds(Listed before, List<Signs> signs, Instant now) {
    if (before.signs().equals(signs)) {
      return true;
    }
    if (before.signs().size() != signs.size() || !now.isBefore(before.read().plus(LEAST_AGE))) {
      return false;
    }
    for (int i = 0; i < signs.size(); i++) {
      if (!signs.get(i).alike(before.signs().get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean allListed(List<Signs> signs, List<ParkedEntries> entries) {
    Set<List<String>> places =
        entries.stream().map(each -> List.of(each.log(), each.key())).collect(Collectors.toSet());
    return signs.stream()
        .allMatch(each ->
            each.keys().stream().allMatch(key -> places.contains(List.of(each.log(), key))));
  }

  private List<ParkedEntries> read() {
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

  private synchronized void forget() {
    listed = null;
  }

  ReleasedEntries release(String log, String consumer, String key, boolean discardFirst) {
    if (letters.of(log, consumer, key).isEmpty()) {
      throw new AdminException(
          "Nothing of %s is parked in %s for %s.".formatted(key, log, consumer));
    }
    try {
      ReleaseResult result =
          wiring.releasing().release(log, consumer, key, discardFirst).await(PATIENCE);
      return new ReleasedEntries(result.handled(), result.discarded(), result.remaining());
    } catch (ReplyTimeoutException e) {
      throw new AdminException(
          "%s did not answer within %d s; the entries are parked still."
              .formatted(consumer, PATIENCE.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException("The program ends; the entries are parked still.", e);
    } finally {
      forget();
    }
  }
}
