package org.hearth.ringlogs;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.hearth.ringlogs.WiringDescription.Node;

/// What all kinds of log have: a name, figures, a place in the wiring, parked entries that can be
/// released, a start and an end.
///
/// **Thread**: [#start] one; the rest any.
public sealed interface Log permits InputLog, FollowedLog {
  /// The name in figures, thread names and dead letters.
  String name();

  /// Which kind of log this is.
  Node.Kind kind();

  /// The figures of this moment.
  LogFigures figures();

  /// What its consumers have parked, consumer by consumer, from memory.
  List<ParkedKey> parked();

  /// This log, its consumers, and the arrows between them and from those who write it. The nodes of
  /// the writers are not here: their boxes declare them, and [WiringDescription#join] checks that
  /// they did.
  WiringDescription description();

  /// Gives a consumer the parked entries of a partition key again, in order, and opens the key if
  /// all succeed.
  ///
  /// @param consumer the name of the reader; of an input log, the log's name again
  /// @param discardFirst whether the entry that failed is dropped before
  /// @throws IllegalArgumentException if there is no consumer of that name
  Reply<ReleaseResult> release(String consumer, String partitionKey, boolean discardFirst);

  /// Starts the threads of the consumers. Once.
  ///
  /// @param head the last position that was committed; it means nothing to a log whose entries have
  ///   no such position
  void start(LogPosition head);

  /// Takes nothing more, lets the consumers come to the end, and ends their threads. After
  /// `patience` they end where they are. A log that was not started, or was stopped before, is no
  /// error.
  ///
  /// @return whether everything that was accepted has been handled
  boolean drainAndStop(Duration patience) throws InterruptedException;

  /// What of one consumer is parked under one partition key, without the entries' bytes.
  ///
  /// @param log the name of the log
  /// @param consumer the name of the reader; of an input log, the log's name again
  /// @param letters how many entries; those of which there are too many for letters count as one
  /// @param failure of the first of them: what was thrown
  /// @param parkedAt when the first was
  record ParkedKey(
      String log,
      String consumer,
      String partitionKey,
      int letters,
      String failure,
      Instant parkedAt) {}

  /// What became of a parked partition key when it was released.
  ///
  /// @param handled letters that were handled now and are gone
  /// @param discarded letters that were dropped unhandled
  /// @param remaining letters that are still there because one failed again; with 0 the key is open
  record ReleaseResult(String partitionKey, int handled, int discarded, int remaining) {
    public boolean isOpen() {
      return remaining == 0;
    }
  }
}
