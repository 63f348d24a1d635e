package org.hearth.ringlogs;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Predicate;

/// What the consumers of a log do when something throws. Nothing is skipped, and no consumer ends
/// but one: a reader of which the rebuilding has failed [#MOST_REBUILDS] times, for its view would
/// stay wrong for ever.
///
/// | thrown | by a command's handler | by a reader |
/// |---|---|---|
/// | `unavailable` says yes (the disk is full, say): nothing is wrong with the entry | the command fails with it | the reader waits and tries the same again, for as long as it takes |
/// | anything else | once more; then the command goes to the dead letters and its partition key is parked: this and later commands fail with [ParkedException] | entry by entry, each once more; then the entry goes to the dead letters and its partition key is parked: later entries of it follow into the dead letters; other keys go on |
/// | by the dead letters, unavailable | again after growing pauses | the same |
/// | by the dead letters, anything else | once more; then a shortened letter; if that is refused, too, the key is parked until the next start | the same |
/// | by the log's store, unavailable | | again after growing pauses |
/// | by the log's store, anything else | | what cannot be read is found and parked by itself; the rest goes on |
///
/// A reader that [rebuilds][LogReader#rebuilds] parks nothing: it is told what it has to fetch anew
/// ([LogReader#onLost]).
///
/// What another log answers when it is full, stopped or slow ([LogFullException],
/// [LogStoppedException], [ReplyTimeoutException]) is always unavailable.
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

  /// So often a reader may fail to make up for what it has lost, not counting when that was
  /// unavailable: with the usual pauses about four minutes.
  static final int MOST_REBUILDS = 50;

  public FailureHandling {
    if (!firstPause.isPositive() || longestPause.compareTo(firstPause) < 0) {
      throw new IllegalArgumentException(
          "pauses grow from more than nothing, not from %s to %s"
              .formatted(firstPause, longestPause));
    }
  }

  boolean isUnavailable(Exception failure) {
    return failure instanceof LogFullException
        || failure instanceof LogStoppedException
        || failure instanceof ReplyTimeoutException
        || unavailable.test(failure);
  }

  /// Pauses from 100 ms to 5 s.
  public FailureHandling(
      DeadLetters deadLetters, Predicate<Exception> unavailable, InstantSource clock) {
    this(deadLetters, unavailable, Duration.ofMillis(100), Duration.ofSeconds(5), clock);
  }
}
