package org.hearth.server.matrix.id;

/// A text that is not the identifier it was taken for: says which kind was expected and what is
/// wrong with it. The message is safe to show to whoever sent the text.
public final class InvalidIdentifierException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN_CHARACTERS = 64;

  InvalidIdentifierException(String kind, String text, String fault) {
    // No stack trace: it tells of a peer's mistake, not of ours, and peers can cause it at any
    // rate.
    super(
        "\"%s\" is not a valid %s: it %s".formatted(shown(text), kind, fault), null, false, false);
  }

  /// The beginning of the text, without what would disturb a log or a terminal.
  private static String shown(String text) {
    StringBuilder out = new StringBuilder(SHOWN_CHARACTERS + 1);
    for (int i = 0; i < text.length() && i < SHOWN_CHARACTERS; i++) {
      char each = text.charAt(i);
      out.append(Character.isISOControl(each) || Character.isSurrogate(each) ? '\uFFFD' : each);
    }
    return text.length() > SHOWN_CHARACTERS ? out.append('…').toString() : out.toString();
  }
}
