package org.hearth.ringlogs;

import java.time.Duration;
import java.util.List;

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
