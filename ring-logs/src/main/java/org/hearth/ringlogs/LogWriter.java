package org.hearth.ringlogs;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.hearth.ringlogs.LogFigures.WriterFigures;

/// The end of an [InputLog] that one box holds to write to it. What it submits is counted under the
/// name of the box.
///
/// **Thread**: any.
///
/// @param <C> the commands
/// @param <R> the answers
public final class LogWriter<C, R> {
  private static final System.Logger LOG = System.getLogger("org.hearth.ringlogs");

  private final InputLog<C, R> log;
  private final String name;
  private final LongAdder submitted = new LongAdder();
  private final LongAdder refused = new LongAdder();

  LogWriter(InputLog<C, R> log, String name) {
    this.log = log;
    this.name = name;
  }

  /// The box that writes.
  public String name() {
    return name;
  }

  /// Hands in a command.
  ///
  /// @param deadline how long to wait for a place if the ring is full
  /// @throws LogFullException if there was none
  /// @throws ParkedException if the command's partition key is parked
  /// @throws LogStoppedException if the log is not running
  /// @throws InterruptedException if interrupted while waiting for a place; the command was not
  ///   accepted
  public Reply<R> submit(C command, Duration deadline) throws InterruptedException {
    boolean accepted = false;
    try {
      Reply<R> reply = log.submit(command, deadline);
      accepted = true;
      return reply;
    } finally {
      (accepted ? submitted : refused).increment();
    }
  }

  /// Hands in a command that nobody waits for. When the log is not running, or the command's
  /// partition key is parked until a person has looked, nothing comes of it.
  ///
  /// @param deadline how long to wait for a place if the ring is full
  /// @throws LogFullException if there was none
  /// @throws InterruptedException if interrupted while waiting for a place; the command was not
  ///   accepted
  public void tell(C command, Duration deadline) throws InterruptedException {
    try {
      var _ = submit(command, deadline);
    } catch (LogStoppedException | ParkedException e) {
      LOG.log(Level.DEBUG, "not taken in: {0}: {1}", command, e.getMessage());
    }
  }

  WriterFigures figures() {
    return new WriterFigures(name, submitted.sum(), refused.sum());
  }
}
