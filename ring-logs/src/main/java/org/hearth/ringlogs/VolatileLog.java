package org.hearth.ringlogs;

import java.time.Duration;
import java.util.List;

/// A log of what is so for now and need not outlive the program (who types, who is there): one
/// publisher that never waits, readers at their own pace, no store.
///
/// Positions count from 1 in each run and are worth nothing without the run's epoch. A reader that
/// the ring overtook is told so ([LogReader#onLost]) and goes on behind what it missed.
///
/// **Thread**: [#publish] one thread for the life of the log; [#register] and [#start] one thread,
/// before that; the rest any.
///
/// @param <E> the entries
public final class VolatileLog<E> {
  private final Broadcast<E> log;
  private final Source<E> source;
  private final long epoch;

  /// @param epoch different for each run of the program: the time of its start, say
  public VolatileLog(LogSpec<E> spec, long epoch, FailureHandling failures) {
    this.log = new Broadcast<>(spec, Node.Kind.VOLATILE_LOG, failures);
    this.source = new Source.Nowhere<>();
    this.epoch = epoch;
  }

  /// Adds a reader.
  ///
  /// @param after the names of readers, registered before, that handle each entry before this one
  ///   sees it
  public void register(LogReader<E> reader, String... after) {
    log.register(reader, source, after);
  }

  /// Starts the readers.
  public void start() {
    log.start(LogPosition.ORIGIN);
  }

  /// Publishes an entry.
  ///
  /// @return the position it was given
  public VolatilePosition publish(E entry) {
    LogPosition position = log.head().plus(1);
    log.publish(List.of(new Positioned<>(position, entry)));
    return new VolatilePosition(epoch, position);
  }

  /// The position of the last published entry; 0 in this epoch before the first.
  public VolatilePosition head() {
    return new VolatilePosition(epoch, log.head());
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
  /// they end where they are.
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
