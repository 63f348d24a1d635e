package org.hearth.ringlogs;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogSet.ConsumerDeath;
import org.hearth.ringlogs.WiringDescription.Node;

/// A log with one publisher that never waits, and readers that follow it at their own pace.
///
/// **Thread**: [#register] and the start one thread, before anything is published; the rest any.
///
/// @param <E> the entries
public abstract sealed class FollowedLog<E> implements Log permits OutputLog, VolatileLog {
  private final Broadcast<E> log;

  FollowedLog(Broadcast<E> log) {
    this.log = log;
  }

  Broadcast<E> log() {
    return log;
  }

  @Override
  public String name() {
    return log.spec().name();
  }

  @Override
  public Node.Kind kind() {
    return log.kind();
  }

  void watch(Consumer<? super ConsumerDeath> onDeath) {
    log.watch(onDeath);
  }

  /// Names the boxes whose decisions are published here, for the wiring.
  public void writtenBy(String... boxes) {
    log.writtenBy(boxes);
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

  @Override
  public Reply<ReleaseResult> release(String reader, String partitionKey, boolean discardFirst) {
    return log.ask(reader, partitionKey, discardFirst);
  }

  /// Takes nothing more, lets the readers come to the end, and ends their threads. After `patience`
  /// they end where they are; those of a log with a store go on from there at the next start.
  ///
  /// @return whether all readers came to the end
  @Override
  public boolean drainAndStop(Duration patience) throws InterruptedException {
    return log.drainAndStop(patience);
  }

  @Override
  public LogFigures figures() {
    return log.figures();
  }

  @Override
  public List<ParkedKey> parked() {
    return log.parked();
  }

  @Override
  public WiringDescription description() {
    return log.description();
  }

  /// What this log carries.
  public LogSpec<E> spec() {
    return log.spec();
  }
}
