package org.hearth.server.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.hearth.server.matrix.error.MatrixException;

/// Percent-encoding, decoded strictly and once: a `%` stands before two hexadecimal digits, and
/// what comes out is well-formed UTF-8.
///
/// Source: [RFC 3986, 2.1](https://www.rfc-editor.org/rfc/rfc3986#section-2.1).
final class PercentDecoding {
  private PercentDecoding() {}

  /// The text of one segment of a path.
  ///
  /// @throws MatrixException `M_INVALID_PARAM` if it is malformed or has a control character
  static String segment(String raw) {
    String text = decode(raw, false);
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        throw MatrixException.invalidParam("The path has a control character");
      }
    }
    return text;
  }

  /// The text of a name or value of the query, where `+` is a space. It may have line breaks, as a
  /// filter written over several lines has, but no NUL.
  ///
  /// @throws MatrixException `M_INVALID_PARAM` if it is malformed
  static String query(String raw) {
    String text = decode(raw, true);
    if (text.indexOf('\0') >= 0) {
      throw MatrixException.invalidParam("The query has a NUL character");
    }
    return text;
  }

  private static String decode(String raw, boolean plusIsSpace) {
    if (raw.indexOf('%') < 0) {
      return plusIsSpace ? raw.replace('+', ' ') : raw;
    }
    byte[] bytes = new byte[raw.length()];
    int length = 0;
    boolean ascii = true;
    for (int i = 0; i < raw.length(); i++) {
      char each = raw.charAt(i);
      if (each == '%') {
        int high = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 1), 16) : -1;
        int low = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 2), 16) : -1;
        if (high < 0 || low < 0) {
          throw MatrixException.invalidParam("The request target has a malformed percent-encoding");
        }
        bytes[length++] = (byte) (high << 4 | low);
        ascii &= high < 8;
        i += 2;
      } else {
        bytes[length++] = (byte) (plusIsSpace && each == '+' ? ' ' : each);
        ascii &= each < 128;
      }
    }
    if (ascii) {
      return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes, 0, length))
          .toString();
    } catch (CharacterCodingException e) {
      throw MatrixException.invalidParam("The request target is not well-formed UTF-8");
    }
  }
}
