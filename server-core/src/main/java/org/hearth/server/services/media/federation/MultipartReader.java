package org.hearth.server.services.media.federation;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads the parts of a `multipart/mixed` body one after the other, while it comes.
///
/// The delimiter begins with the only carriage return that it has, so a place where it does not go
/// on needs no second look: reading is linear whatever comes.
///
/// **thread**: one.
///
/// **source**: [RFC 2046 §5.1.1](https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1)
final class MultipartReader {
  private static final int BUFFER = 64 << 10;
  private static final int MOST_HEADERS = 50;
  private static final int LONGEST_LINE = 8_192;

  /// "Boundary delimiters must […] be no longer than 70 characters".
  private static final Pattern BOUNDARY =
      Pattern.compile(
          "multipart/mixed\\s*;(?:[^\"]*;)?\\s*boundary=(?:\"([^\"\\\\]{1,70})\"|([^\\s\";]{1,70})).*",
          Pattern.CASE_INSENSITIVE);

  private final InputStream in;
  private final byte[] delimiter;
  private final byte[] buffer = new byte[BUFFER];

  /// What has been read and not looked at is from here to `end`.
  private int start;

  private int end;

  /// What is wrong with a body.
  static final class Malformed extends IOException {
    private static final long serialVersionUID = 1;

    Malformed(String why) {
      super(why);
    }
  }

  /// @param boundary as by [#boundary]
  MultipartReader(InputStream in, String boundary) {
    this.in = in;
    this.delimiter = ("\r\n--" + boundary).getBytes(US_ASCII);
    buffer[0] = '\r';
    buffer[1] = '\n';
    // The line break before the first delimiter need not be there.
    end = 2;
  }

  /// The boundary that a content type names.
  static Optional<String> boundary(String contentType) {
    Matcher matcher = BOUNDARY.matcher(contentType);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String found = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
    return found.chars().allMatch(each -> each >= ' ' && each < 0x7f)
        ? Optional.of(found)
        : Optional.empty();
  }

  /// Goes to the first part, or, from the end of a part, to the next one.
  ///
  /// @return the headers of the part: name in small letters → value
  /// @throws Malformed if there is none
  Map<String, String> headers() throws IOException {
    String rest = line();
    if (rest.startsWith("--")) {
      throw new Malformed("there are fewer parts than there should be");
    }
    // "transport padding"
    if (!rest.isBlank()) {
      throw new Malformed("a boundary is followed by something else");
    }
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      if (colon < 1 || headers.size() == MOST_HEADERS) {
        throw new Malformed("a part has wrong headers");
      }
      headers.putIfAbsent(
          line.substring(0, colon).strip().toLowerCase(Locale.ROOT),
          line.substring(colon + 1).strip());
    }
    return headers;
  }

  /// Skips what is before the first delimiter, or before the next one.
  ///
  /// @param most more bytes are refused
  void skip(long most) throws IOException {
    transferTo(OutputStream.nullOutputStream(), most);
  }

  /// Reads to the next delimiter.
  ///
  /// @param into gets what is before it
  /// @param most more bytes are refused
  /// @throws Malformed if it does not come
  void transferTo(OutputStream into, long most) throws IOException {
    long left = most;
    while (true) {
      int at = start;
      while (at < end && buffer[at] != '\r') {
        at++;
      }
      left = pass(into, at, left);
      if (start == end) {
        fill("the body ends in a part");
        continue;
      }
      while (end - start < delimiter.length) {
        fill("the body ends in a part");
      }
      if (isDelimiter()) {
        start += delimiter.length;
        return;
      }
      left = pass(into, start + 1, left);
    }
  }

  private long pass(OutputStream into, int to, long left) throws IOException {
    int length = to - start;
    if (length > left) {
      throw new Malformed("a part is too long");
    }
    into.write(buffer, start, length);
    start = to;
    return left - length;
  }

  private boolean isDelimiter() {
    for (int i = 0; i < delimiter.length; i++) {
      if (buffer[start + i] != delimiter[i]) {
        return false;
      }
    }
    return true;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      if (start == end) {
        fill("the body ends in the head of a part");
      }
      int at = start;
      while (at < end && buffer[at] != '\n') {
        at++;
      }
      line.append(new String(buffer, start, at - start, ISO_8859_1));
      if (line.length() > LONGEST_LINE) {
        throw new Malformed("a line in the head of a part is too long");
      }
      if (at < end) {
        start = at + 1;
        int length = line.length();
        if (length > 0 && line.charAt(length - 1) == '\r') {
          line.setLength(length - 1);
        }
        return line.toString();
      }
      start = at;
    }
  }

  private void fill(String otherwise) throws IOException {
    if (start > 0) {
      System.arraycopy(buffer, start, buffer, 0, end - start);
      end -= start;
      start = 0;
    }
    int count = in.read(buffer, end, buffer.length - end);
    if (count < 0) {
      throw new Malformed(otherwise);
    }
    end += count;
  }
}
