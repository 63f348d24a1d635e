package org.hearth.ringlogs;

import java.time.Duration;
import java.util.List;

/// A log of what was decided and committed: one publisher that never waits, readers at their own
/// pace.
///
/// **Thread**: [#publish] one thread for the life of the log; [#register] and [#start] one thread,
/// before that; the rest any.
///
/// @param <E> the entries
public final class OutputLog<E> {
  private final Broadcast<E> log;
  private final Source<E> source;

  public OutputLog(LogSpec<E> spec, OutputStore<E> store, FailureHandling failures) {
    this.log = new Broadcast<>(spec, Node.Kind.OUTPUT_LOG, failures);
    this.source = new Source.Stored<>(store);
  }

  /// Adds a reader.
  ///
  /// @param after the names of readers, registered before, that handle each entry before this one
  ///   sees it
  public void register(LogReader<E> reader, String... after) {
    log.register(reader, source, after);
  }

  /// Starts the readers. Each reads from the store what is between its own position and `head`,
  /// then follows the ring; this method does not wait for that ([#awaitReader] does).
  ///
  /// @param head the last position committed before anything is published here
  /// @throws IllegalStateException if a reader's position is after `head`: its data is of another
  ///   history
  public void start(LogPosition head) {
    log.start(head);
  }

  /// Publishes an entry that is committed.
  ///
  /// @param position after all published before it
  /// @throws IllegalArgumentException if it is not
  public void publish(LogPosition position, E entry) {
    publish(List.of(new Positioned<>(position, entry)));
  }

  /// Publishes the entries of one commit together: readers are woken once.
  public void publish(List<Positioned<E>> entries) {
    log.publish(entries);
  }

  /// The position of the last published entry, or that given to [#start].
  public LogPosition head() {
    return log.head();
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
  /// they end where they are; they go on from there at the next start.
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
