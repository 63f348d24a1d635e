package org.hearth.server.readers.events;

/// An event type in a filter, in which `*` stands for any sequence of characters.
///
/// **Source:** [EventFilter, `types`][filter].
///
/// [filter]: https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3useruseridfilter
record TypePattern(String text) {
  private static final char ANY = '*';

  boolean matches(String type) {
    if (text.indexOf(ANY) < 0) {
      return text.equals(type);
    }
    // Greedy with one point to return to: after a mismatch only the last star can take one more
    // character, so the work is at most text times type, whatever the pattern.
    int inPattern = 0;
    int inType = 0;
    int lastStar = -1;
    int afterStar = 0;
    while (inType < type.length()) {
      if (inPattern < text.length() && text.charAt(inPattern) == ANY) {
        lastStar = inPattern++;
        afterStar = inType;
      } else if (inPattern < text.length() && text.charAt(inPattern) == type.charAt(inType)) {
        inPattern++;
        inType++;
      } else if (lastStar >= 0) {
        inPattern = lastStar + 1;
        inType = ++afterStar;
      } else {
        return false;
      }
    }
    while (inPattern < text.length() && text.charAt(inPattern) == ANY) {
      inPattern++;
    }
    return inPattern == text.length();
  }
}
