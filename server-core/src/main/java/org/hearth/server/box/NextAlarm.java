package org.hearth.server.box;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import org.hearth.ringlogs.LogException;
import org.hearth.ringlogs.LogWriter;
import org.jspecify.annotations.Nullable;

/// The next alarm of something that goes by time: at its moment a command is handed to a log. There
/// is one alarm at a time, for the earliest moment that was asked for.
///
/// Until the command is handled there is no other alarm, so whatever keeps the log from taking it
/// in, it is handed in again later: also when a person must first let a parked key go on.
///
/// **thread**: the one that handles the commands.
///
/// @param <C> the log's commands
public final class NextAlarm<C> {
  private static final System.Logger LOG = System.getLogger(NextAlarm.class.getName());

  /// How long a command waits for its place, and until it is handed in again.
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Alarms alarms;
  private final LogWriter<C, ?> log;
  private final C command;
  private @Nullable Instant at;
  private Runnable callOff = () -> {};

  /// @param command handed to the log when the alarm rings
  public NextAlarm(Alarms alarms, LogWriter<C, ?> log, C command) {
    this.alarms = alarms;
    this.log = log;
    this.command = command;
  }

  /// Sets the alarm, unless it is set for that moment or an earlier one.
  public void set(Instant moment, Instant now) {
    if (at == null || moment.isBefore(at)) {
      callOff.run();
      at = moment;
      callOff = alarms.set(Duration.between(now, moment), this::ring);
    }
  }

  /// The command is being handled: there is no alarm any more.
  public void rang() {
    at = null;
  }

  /// Calls the alarm off, if there is one.
  public void callOff() {
    callOff.run();
    at = null;
  }

  private void ring() {
    boolean submitted = false;
    try {
      var _ = log.submit(command, PATIENCE);
      submitted = true;
    } catch (LogException e) {
      LOG.log(Level.DEBUG, command + " is handed in later", e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      if (!submitted) {
        var _ = alarms.set(PATIENCE, this::ring);
      }
    }
  }
}
