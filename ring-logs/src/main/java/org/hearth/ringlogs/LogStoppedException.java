package org.hearth.ringlogs;

/// The log is stopping or has stopped: the command was not handled.
public final class LogStoppedException extends LogException {
  private static final long serialVersionUID = 1L;

  LogStoppedException(String log) {
    super(log + " is stopped");
  }
}
