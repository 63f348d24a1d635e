package org.hearth.server;

/// The running server refused what the command line asked; the message is its sentence.
final class ControlException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ControlException(String message) {
    super(message);
  }
}
