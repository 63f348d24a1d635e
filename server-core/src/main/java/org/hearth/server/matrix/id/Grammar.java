package org.hearth.server.matrix.id;

/// The checks that several identifiers share. One pass over the characters each, no regular
/// expressions.
final class Grammar {
  /// "MUST NOT exceed 255 bytes", of user ids, room ids, room aliases and event ids.
  static final int MAX_BYTES = 255;

  private Grammar() {}

  /// Checks the common identifier format up to the first colon: the sigil, and a localpart of
  /// "valid non-surrogate Unicode code points, including control characters, except `:` and `NUL`".
  ///
  /// @return the index of the first colon, or -1 if there is none
  /// @throws InvalidIdentifierException if the sigil is missing, a character is not allowed, or the
  ///   whole is longer than 255 bytes
  static int checkSigilAndLocalpart(String kind, char sigil, String text) {
    if (text.isEmpty() || text.charAt(0) != sigil) {
      throw new InvalidIdentifierException(kind, text, "does not begin with '" + sigil + "'");
    }
    checkBytes(kind, text);
    int colon = text.indexOf(':');
    if (text.lastIndexOf('\0', colon < 0 ? text.length() : colon) >= 0) {
      throw new InvalidIdentifierException(kind, text, "contains NUL");
    }
    return colon;
  }

  /// Checks that the text has no unpaired surrogate and takes at most 255 bytes in UTF-8.
  static void checkBytes(String kind, String text) {
    int bytes = 0;
    int length = text.length();
    if (length > MAX_BYTES) {
      throw new InvalidIdentifierException(kind, text, "is longer than 255 bytes");
    }
    for (int i = 0; i < length; i++) {
      char each = text.charAt(i);
      if (each < 0x80) {
        bytes++;
      } else if (each < 0x800) {
        bytes += 2;
      } else if (!Character.isSurrogate(each)) {
        bytes += 3;
      } else if (Character.isHighSurrogate(each)
          && i + 1 < length
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        bytes += 4;
        i++;
      } else {
        throw new InvalidIdentifierException(kind, text, "contains an unpaired surrogate");
      }
    }
    if (bytes > MAX_BYTES) {
      throw new InvalidIdentifierException(kind, text, "is longer than 255 bytes");
    }
  }

  /// Checks what follows the colon: "`domain` is the server name".
  static void checkDomain(String kind, String text, int colon) {
    String fault =
        colon < 0 ? "has no ':' and server name" : ServerNameGrammar.fault(text, colon + 1);
    if (fault != null) {
      throw new InvalidIdentifierException(kind, text, fault);
    }
  }

  static boolean isDigit(char each) {
    return each >= '0' && each <= '9';
  }

  static boolean isAsciiLetter(char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z');
  }

  /// True of the alphabet of URL-safe base64, which is also that of media ids.
  static boolean isUrlSafe(char each) {
    return isAsciiLetter(each) || isDigit(each) || each == '-' || each == '_';
  }
}
