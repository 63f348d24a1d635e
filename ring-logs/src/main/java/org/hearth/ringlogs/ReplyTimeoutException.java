package org.hearth.ringlogs;

import java.time.Duration;

/// No answer came in time. The command may still be handled, and its reply completed, later.
public final class ReplyTimeoutException extends LogException {
  private static final long serialVersionUID = 1L;

  ReplyTimeoutException(Duration waited) {
    super("no answer within %d ms".formatted(waited.toMillis()));
  }
}
