package org.hearth.server.control;

/// The running server refused what the command line asked; the message is its sentence.
public final class ControlException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param message a sentence for the asker
  public ControlException(String message) {
    super(message);
  }

  /// @param message a sentence for the asker
  /// @param cause for the log
  public ControlException(String message, Throwable cause) {
    super(message, cause);
  }
}
