package org.hearth.ringlogs;

/// What a log tells its writer when a command is not, or not yet, answered.
public abstract sealed class LogException extends RuntimeException
    permits LogFullException, LogStoppedException, ParkedException, ReplyTimeoutException {
  private static final long serialVersionUID = 1L;

  LogException(String message) {
    super(message);
  }
}
