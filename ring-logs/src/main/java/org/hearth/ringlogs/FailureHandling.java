package org.hearth.ringlogs;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Predicate;

/// What the consumers of a log do when something throws. Nothing is skipped, and no consumer dies.
///
/// | thrown | by a command's handler | by a reader |
/// |---|---|---|
/// | `unavailable` says yes (the disk is full, say): nothing is wrong with the entry | the command fails with it | the reader waits and tries the same again, for as long as it takes |
/// | anything else | once more; then the command goes to the dead letters and its partition key is parked: this and later commands fail with [ParkedException] | entry by entry, each once more; then the entry goes to the dead letters and its partition key is parked: later entries of it follow into the dead letters; other keys go on |
/// | by the dead letters | once more a moment later, for as long as it takes | the same |
///
/// @param deadLetters where parked entries go
/// @param unavailable whether an exception says nothing about the entry that was being handled
/// @param firstPause how long to wait before trying again; doubled each time
/// @param longestPause at most so long
/// @param clock for the time on a letter
public record FailureHandling(
    DeadLetters deadLetters,
    Predicate<Exception> unavailable,
    Duration firstPause,
    Duration longestPause,
    InstantSource clock) {

  public FailureHandling {
    if (!firstPause.isPositive() || longestPause.compareTo(firstPause) < 0) {
      throw new IllegalArgumentException(
          "pauses grow from more than nothing, not from %s to %s"
              .formatted(firstPause, longestPause));
    }
  }

  /// Pauses from 100 ms to 5 s.
  public FailureHandling(
      DeadLetters deadLetters, Predicate<Exception> unavailable, InstantSource clock) {
    this(deadLetters, unavailable, Duration.ofMillis(100), Duration.ofSeconds(5), clock);
  }
}
