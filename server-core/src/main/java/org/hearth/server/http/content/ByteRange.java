package org.hearth.server.http.content;

import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The part of something that a request asks for.
///
/// **source**: [RFC 9110, 14](https://www.rfc-editor.org/rfc/rfc9110#section-14)
public sealed interface ByteRange {
  /// `bytes=first-`, `bytes=first-last`, `bytes=-suffix`: one range. Numbers of more digits are of
  /// nothing that there is.
  Pattern ONE = Pattern.compile("bytes=\\s*(\\d{0,18})-(\\d{0,18})\\s*", Pattern.CASE_INSENSITIVE);

  /// All of it: no range is asked for, or in a way that is not answered.
  record Whole() implements ByteRange {}

  /// A part of it.
  ///
  /// @param first byte, counted from 0
  /// @param last byte, included
  record Part(long first, long last) implements ByteRange {}

  /// There is nothing at that range.
  record Unsatisfiable() implements ByteRange {}

  /// What a request asks for.
  ///
  /// @param header a request's first header of that name
  /// @param tag of what is there, quoted
  /// @param length of what is there
  static ByteRange asked(Function<String, Optional<String>> header, String tag, long length) {
    Optional<String> range = header.apply("Range");
    // "If the validator does not match, the recipient SHOULD ignore the Range header field."
    if (range.isEmpty() || header.apply("If-Range").filter(each -> !each.equals(tag)).isPresent()) {
      return new Whole();
    }
    Matcher one = ONE.matcher(range.get());
    // "An origin server MUST ignore a Range header field that contains a range unit it does not
    // understand"; what has several ranges is not answered in parts either.
    if (!one.matches() || (one.group(1).isEmpty() && one.group(2).isEmpty())) {
      return new Whole();
    }
    if (one.group(1).isEmpty()) {
      long suffix = Long.parseLong(one.group(2));
      return suffix == 0 || length == 0
          ? new Unsatisfiable()
          : new Part(Math.max(0, length - suffix), length - 1);
    }
    long first = Long.parseLong(one.group(1));
    long last = one.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(one.group(2));
    // "An int-range is invalid if the last-pos value is present and less than first-pos."
    if (last < first) {
      return new Whole();
    }
    return first >= length ? new Unsatisfiable() : new Part(first, Math.min(last, length - 1));
  }
}
