package org.hearth.server.configuration;

/// A `hearth.yaml` that cannot be used; the message names the file, the line, the key and what was
/// expected, in a sentence for the person who wrote the file.
public final class ConfigurationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param message names what was expected, in a sentence
  public ConfigurationException(String message) {
    super(message);
  }

  /// @param message names what was expected, in a sentence
  /// @param cause what was found on the way
  public ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
