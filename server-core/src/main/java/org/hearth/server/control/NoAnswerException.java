package org.hearth.server.control;

import java.io.IOException;

/// What listens where a running server should gave no answer, or none that is understood; the
/// message is a sentence for the asker.
public final class NoAnswerException extends IOException {
  private static final long serialVersionUID = 1L;

  NoAnswerException(String message, IOException cause) {
    super(message, cause);
  }
}
