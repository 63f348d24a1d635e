package org.hearth.ringlogs;

import java.time.Duration;
import java.util.List;
import org.hearth.ringlogs.WiringDescription.Node;

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

  /// What one writer of an input log did since it was made, as of one moment.
  ///
  /// @param writer the name of its box
  /// @param submitted commands that the log accepted
  /// @param refused commands that it did not accept: the ring stayed full, the partition key was
  ///   parked, or the log was not running
  public record WriterFigures(String writer, long submitted, long refused) {}

  /// What one consumer of a log did since it was made, as of one moment.
  ///
  /// @param consumer the name of the reader; of an input log's shard, the name of its thread
  /// @param state what it is doing
  /// @param consumed entries handled, also those that failed and were parked
  /// @param position how far it has come in an output log; [LogPosition#ORIGIN] for a shard
  /// @param lag entries in the ring that it has not handled yet
  /// @param fromStore entries that it read from the store instead of the ring
  /// @param lost entries that it was told to fetch anew, counted by position
  /// @param overruns how often the ring had overwritten what it wanted next
  /// @param failures exceptions thrown to it by its handler, its reader, the store or the dead
  ///   letters
  /// @param lastFailure the last of them: class and message; empty if there was none
  /// @param unkept entries that were parked without a dead letter, because it could not be kept
  /// @param parkedKeys partition keys that are parked
  /// @param batchSizes entries per batch
  /// @param batchNanos nanoseconds per batch
  public record ConsumerFigures(
      String consumer,
      State state,
      long consumed,
      LogPosition position,
      long lag,
      long fromStore,
      long lost,
      long overruns,
      long failures,
      String lastFailure,
      long unkept,
      List<String> parkedKeys,
      Distribution batchSizes,
      Distribution batchNanos) {

    /// What a consumer is doing.
    public enum State {
      /// Not started.
      NEW,
      /// Reading what was written before the start.
      REPLAYING,
      /// Waiting for entries.
      IDLE,
      /// Handling entries.
      BUSY,
      /// Something it needs cannot be had now; it waits and tries again.
      STALLED,
      /// Ended in order.
      STOPPED,
      /// Ended by an error of the virtual machine; the log takes nothing more for it.
      FAILED
    }

    public ConsumerFigures {
      parkedKeys = List.copyOf(parkedKeys);
    }

    /// The time spent on batches.
    public Duration busy() {
      return Duration.ofNanos(batchNanos.sum());
    }
  }
}
