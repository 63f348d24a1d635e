package org.hearth.ringlogs;

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

  WriterFigures figures() {
    return new WriterFigures(name, submitted.sum(), refused.sum());
  }
}
