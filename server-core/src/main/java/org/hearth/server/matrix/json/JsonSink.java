package org.hearth.server.matrix.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A growing array of bytes that knows how JSON writes strings: "the shortest UTF-8 JSON encoding",
/// with only the escapes that canonical JSON allows.
///
/// **thread**: one.
final class JsonSink {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final int REPLACEMENT = 0xFFFD;

  /// The most bytes one char can take: `\u001f`.
  private static final int MAX_BYTES_PER_CHAR = 6;

  private byte[] bytes;
  private int length;

  JsonSink(int expectedBytes) {
    bytes = new byte[Math.max(expectedBytes, 64)];
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, length);
  }

  int length() {
    return length;
  }

  void shorten(int to) {
    length = to;
  }

  /// Hands all over, and begins anew.
  void pushTo(JsonWriter.Target target) {
    int all = length;
    length = 0;
    target.push(bytes, all);
  }

  void single(char ascii) {
    reserve(1);
    bytes[length++] = (byte) ascii;
  }

  /// Text that is known to be ASCII and to need no escapes.
  @SuppressWarnings("deprecation") // getBytes(int, int, byte[], int) copies ASCII as it is
  void ascii(String text) {
    reserve(text.length());
    text.getBytes(0, text.length(), bytes, length);
    length += text.length();
  }

  /// What is JSON already.
  void raw(byte[] json) {
    reserve(json.length);
    System.arraycopy(json, 0, bytes, length, json.length);
    length += json.length;
  }

  void number(long value) {
    ascii(Long.toString(value));
  }

  /// A string with its quotation marks.
  ///
  /// @return false if it had an unpaired surrogate, in whose place U+FFFD was written
  boolean string(String text) {
    int end = text.length();
    reserve(end + 2);
    bytes[length++] = '"';
    int i = 0;
    while (i < end && isPlain(text.charAt(i))) {
      bytes[length++] = (byte) text.charAt(i++);
    }
    boolean wellFormed = i == end || rest(text, i);
    single('"');
    return wellFormed;
  }

  private boolean rest(String text, int from) {
    boolean wellFormed = true;
    for (int i = from; i < text.length(); i++) {
      char each = text.charAt(i);
      reserve(MAX_BYTES_PER_CHAR);
      if (isPlain(each)) {
        bytes[length++] = (byte) each;
      } else if (each < 0x80) {
        escaped(each);
      } else if (!Character.isSurrogate(each)) {
        encoded(each);
      } else if (Character.isHighSurrogate(each)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        encoded(Character.toCodePoint(each, text.charAt(++i)));
      } else {
        encoded(REPLACEMENT);
        wellFormed = false;
      }
    }
    return wellFormed;
  }

  /// True of "unescaped" characters that are ASCII. DEL is one of them: only U+0000 to U+001F are
  /// control characters for JSON.
  private static boolean isPlain(char each) {
    return each < 0x80 && each >= 0x20 && each != '"' && each != '\\';
  }

  private void escaped(char each) {
    bytes[length++] = '\\';
    switch (each) {
      case '"', '\\' -> bytes[length++] = (byte) each;
      case '\b' -> bytes[length++] = 'b';
      case '\t' -> bytes[length++] = 't';
      case '\n' -> bytes[length++] = 'n';
      case '\f' -> bytes[length++] = 'f';
      case '\r' -> bytes[length++] = 'r';
      default -> {
        bytes[length++] = 'u';
        bytes[length++] = '0';
        bytes[length++] = '0';
        bytes[length++] = HEX[each >> 4];
        bytes[length++] = HEX[each & 0xF];
      }
    }
  }

  private void encoded(int codePoint) {
    if (codePoint < 0x800) {
      bytes[length++] = (byte) (0xC0 | (codePoint >> 6));
    } else {
      if (codePoint < 0x10000) {
        bytes[length++] = (byte) (0xE0 | (codePoint >> 12));
      } else {
        bytes[length++] = (byte) (0xF0 | (codePoint >> 18));
        bytes[length++] = (byte) (0x80 | ((codePoint >> 12) & 0x3F));
      }
      bytes[length++] = (byte) (0x80 | ((codePoint >> 6) & 0x3F));
    }
    bytes[length++] = (byte) (0x80 | (codePoint & 0x3F));
  }

  private void reserve(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }
}
