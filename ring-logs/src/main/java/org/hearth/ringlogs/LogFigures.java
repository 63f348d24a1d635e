package org.hearth.ringlogs;

import java.time.Duration;
import java.util.List;

/// What a log did since it was made, as of one moment, read without disturbing it.
///
/// **Units**: counts are entries since the start of this run.
///
/// @param log the name of the log
/// @param kind which kind of log
/// @param capacity places in the ring; of an input log, in all its rings together
/// @param published entries accepted from writers
/// @param head the position of the last published entry, or where the log started; of an input log
///   [LogPosition#ORIGIN]
/// @param inRing accepted entries that not every consumer has handled, at most `capacity`
/// @param waits how often a writer found the ring full and had to wait; always 0 for an output log
/// @param waited for how long they waited, together
/// @param refused commands that were not accepted, by all writers together
/// @param unanswered commands accepted and not answered yet; always 0 for an output log
/// @param writers one per box that writes, in the order in which they were handed out; empty for an
///   output log
/// @param consumers one per shard or reader
public record LogFigures(
    String log,
    Node.Kind kind,
    int capacity,
    long published,
    LogPosition head,
    long inRing,
    long waits,
    Duration waited,
    long refused,
    long unanswered,
    List<WriterFigures> writers,
    List<ConsumerFigures> consumers) {

  public LogFigures {
    writers = List.copyOf(writers);
    consumers = List.copyOf(consumers);
  }

  /// How full the ring is, from 0 to 1. A full output ring makes nobody wait: its slowest reader is
  /// about to read from the store.
  public double fill() {
    return (double) inRing / capacity;
  }
}
