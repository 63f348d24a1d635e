package org.hearth.server;

/// The server could not start; the message says why and what to do, in sentences for its owner.
public final class StartFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final String remedy;

  StartFailedException(String reason, String remedy, Throwable cause) {
    super(sentence(reason) + " " + sentence(remedy), cause);
    this.reason = sentence(reason);
    this.remedy = sentence(remedy);
  }

  private static String sentence(String text) {
    return text.endsWith(".") ? text : text + ".";
  }

  /// What went wrong.
  ///
  /// @return a sentence
  public String reason() {
    return reason;
  }

  /// What to do about it.
  ///
  /// @return a sentence
  public String remedy() {
    return remedy;
  }
}
