package org.hearth.ringlogs;

import java.time.Duration;

/// A log with one publisher that never waits, and readers that follow it at their own pace.
///
/// **Thread**: [#register] and the start one thread, before anything is published; the rest any.
///
/// @param <E> the entries
public abstract sealed class FollowedLog<E> permits OutputLog, VolatileLog {
  private final Broadcast<E> log;

  FollowedLog(Broadcast<E> log) {
    this.log = log;
  }

  Broadcast<E> log() {
    return log;
  }

  /// Adds a reader.
  ///
  /// @param after the names of readers, registered before, that handle each entry before this one
  ///   sees it
  public void register(LogReader<E> reader, String... after) {
    log.register(reader, after);
  }

  /// How far a reader has come.
  ///
  /// @throws IllegalArgumentException if there is no reader of that name
  public LogPosition position(String reader) {
    return log.follower(reader).seen();
  }

  /// Waits until a reader has handled everything of this log up to a position.
  ///
  /// @return whether it has; false after `patience`
  public boolean awaitReader(String reader, LogPosition position, Duration patience)
      throws InterruptedException {
    return log.awaitReader(reader, position, patience);
  }

  /// Gives a reader the parked entries of a partition key again, in order, and opens the key if all
  /// succeed.
  public Reply<ReleaseResult> release(String reader, String partitionKey) {
    return log.ask(reader, partitionKey, false);
  }

  /// Drops the parked entry that failed, then does as [#release] with those behind it.
  public Reply<ReleaseResult> discard(String reader, String partitionKey) {
    return log.ask(reader, partitionKey, true);
  }

  /// Takes nothing more, lets the readers come to the end, and ends their threads. After `patience`
  /// they end where they are; those of a log with a store go on from there at the next start.
  ///
  /// @return whether all readers came to the end
  public boolean drainAndStop(Duration patience) throws InterruptedException {
    return log.drainAndStop(patience);
  }

  /// The figures of this moment.
  public LogFigures figures() {
    return log.figures();
  }

  /// This log, its readers and the arrows between them.
  public WiringDescription description() {
    return log.description();
  }

  /// What this log carries.
  public LogSpec<E> spec() {
    return log.spec();
  }
}
