package org.hearth.server;

/// A `hearth.yaml` that cannot be used; the message names the file, the line, the key and what was
/// expected, in a sentence for the person who wrote the file.
public final class ConfigurationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ConfigurationException(String message) {
    super(message);
  }

  ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
