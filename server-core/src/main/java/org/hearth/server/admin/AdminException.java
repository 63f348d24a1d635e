package org.hearth.server.admin;

/// An operation that was refused; the message is a sentence for the person who asked.
public final class AdminException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param message a sentence that says what was expected and what was found
  public AdminException(String message) {
    super(message);
  }

  /// @param message a sentence that says what was expected and what was found
  /// @param cause what refused
  public AdminException(String message, Throwable cause) {
    super(message, cause);
  }
}
