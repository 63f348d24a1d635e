package org.hearth.app.wiring;

import java.util.regex.Pattern;

/// What went wrong with a parked entry, in the words of the program: one line of a failure and its
/// causes, each with its class and its place.
final class ParkedFailure {
  private static final Pattern CLASS = Pattern.compile("^(?:\\w+\\.)+[\\w$]+(?:: |$)");
  private static final Pattern REST = Pattern.compile("( at [\\w.$/]+\\(|; caused by ).*$");

  private static final int LONGEST = 160;

  private ParkedFailure() {}

  /// What the failure itself says, without what only a programmer reads.
  ///
  /// @param failure whole
  /// @return a part of a sentence; empty if it says nothing
  static String inShort(String failure) {
    String first = failure.lines().findFirst().orElse("");
    String said = CLASS.matcher(REST.matcher(first).replaceFirst("")).replaceFirst("").strip();
    return said.length() > LONGEST ? said.substring(0, LONGEST) + "…" : said;
  }
}
