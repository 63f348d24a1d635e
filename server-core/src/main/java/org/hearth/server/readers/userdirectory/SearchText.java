package org.hearth.server.readers.userdirectory;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.hearth.server.matrix.id.UserId;

/// Texts as they are compared: without case and accents, and each character in its plainest form.
final class SearchText {
  /// Of more words the rest is not looked at.
  static final int MOST_WORDS = 5;

  private static final int LONGEST = 1_200;
  private static final Pattern MARKS = Pattern.compile("\\p{M}+");
  private static final Pattern SPACE = Pattern.compile("[\\s\\p{Z}]+");

  private SearchText() {}

  /// The text to look in for a user.
  static String of(UserId user, Optional<String> name) {
    String text = folded(user.value() + " " + name.orElse(""));
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST);
  }

  /// To upper case and back: some letters have one upper case for two lower ones.
  static String folded(String text) {
    String plain = MARKS.matcher(Normalizer.normalize(text, Normalizer.Form.NFKD)).replaceAll("");
    return plain.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
  }

  /// The words of a folded text.
  static List<String> words(String folded) {
    return Arrays.stream(SPACE.split(folded.strip()))
        .filter(each -> !each.isEmpty())
        .limit(MOST_WORDS)
        .toList();
  }
}
