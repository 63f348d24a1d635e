package org.hearth.server.outbound;

/// Exceptions of libraries in words for the panel.
final class Reasons {
  private static final int LONGEST = 200;

  private Reasons() {}

  static String of(Throwable failure) {
    String message = failure.getMessage();
    String text = message == null ? failure.getClass().getSimpleName() : message;
    return text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
  }
}
