package org.hearth.server.readers.events;

/// An event type in a filter, in which `*` stands for any sequence of characters.
///
/// **Source:** [EventFilter, `types`][filter].
///
/// [filter]: https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3useruseridfilter
final class TypePattern {
  /*
   * Matching
   *
   * What is before the first star must begin the type, what is behind the last one must end it, and
   * what is between two of them is looked for from where the part before it ended: the first place is as
   * good as any. It is looked for as Knuth, Morris and Pratt do, who never look back in the type: so the
   * work is the length of the type and of the pattern, whatever they are.
   */
  static final char ANY = '*';

  private final String text;
  private final int firstStar;
  private final int lastStar;

  /// Of a part between stars, and each of its characters: after which of the part's characters to
  /// go on when the next one does not fit.
  private final int[] goOn;

  TypePattern(String text) {
    this.text = text;
    this.firstStar = text.indexOf(ANY);
    this.lastStar = text.lastIndexOf(ANY);
    this.goOn = new int[Math.max(0, lastStar)];
    for (int start = firstStar + 1; start < lastStar; ) {
      int end = text.indexOf(ANY, start);
      prepare(start, end);
      start = end + 1;
    }
  }

  private void prepare(int start, int end) {
    int begun = start;
    for (int at = start; at < end; at++) {
      while (begun > start && text.charAt(at) != text.charAt(begun)) {
        begun = goOn[begun - 1];
      }
      if (at > start && text.charAt(at) == text.charAt(begun)) {
        begun++;
      }
      goOn[at] = begun;
    }
  }

  boolean matches(String type) {
    return matches((CharSequence) type);
  }

  /// The same, for who counts how many characters are looked at.
  boolean matches(CharSequence type) {
    if (firstStar < 0) {
      return text.contentEquals(type);
    }
    int ending = text.length() - (lastStar + 1);
    int end = type.length() - ending;
    if (end < firstStar || !isAt(type, 0, 0, firstStar) || !isAt(type, end, lastStar + 1, ending)) {
      return false;
    }
    int at = firstStar;
    for (int start = firstStar + 1; start < lastStar && at >= 0; ) {
      int star = text.indexOf(ANY, start);
      at = after(type, at, end, start, star);
      start = star + 1;
    }
    return at >= 0;
  }

  private boolean isAt(CharSequence type, int at, int start, int length) {
    for (int i = 0; i < length; i++) {
      if (type.charAt(at + i) != text.charAt(start + i)) {
        return false;
      }
    }
    return true;
  }

  /// Looks for a part of the pattern in a part of the type.
  ///
  /// @return what comes after the first place of it; negative if there is none
  private int after(CharSequence type, int from, int end, int start, int star) {
    int at = from;
    int matched = start;
    while (matched < star) {
      if (at == end) {
        return -1;
      }
      if (type.charAt(at) == text.charAt(matched)) {
        at++;
        matched++;
      } else if (matched == start) {
        at++;
      } else {
        matched = goOn[matched - 1];
      }
    }
    return at;
  }
}
