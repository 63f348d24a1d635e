package org.hearth.server.matrix.push;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A glob-style pattern, compared case-insensitively: `*` "matches zero or more characters", `?`
/// "matches exactly one character".
///
/// **thread**: any; immutable. **source**: [Glob-style matching][glob].
///
/// [glob]: https://spec.matrix.org/v1.19/appendices/#glob-style-matching
final class Glob {
  /*
   * Matching
   *
   * The pattern is a nondeterministic automaton whose states are how many of its characters (a '?'
   * counting as one, a '*' as none) have been matched. The set of states that the automaton can be in is
   * kept as bits, 64 to a word (the "shift-and" algorithm of Baeza-Yates and Gonnet, with self-loops for
   * '*'). Each character of the text is looked at once, whatever the pattern, so that there is no
   * backtracking to be provoked: time is the length of the text times that of the pattern, divided by 64.
   */
  /// How long a pattern may be, lest it take much memory; nobody notices a word this long.
  static final int MAX_LENGTH = 1024;

  /// Of a character that the automaton knows, beside its states.
  private static final int CHARACTER_BYTES = 80;

  private static final int STAR = -1;

  private final String pattern;
  private final boolean wildcards;
  private final boolean plain;
  private final boolean word;

  /// The longest part without wildcards, folded.
  private final String part;

  /// Made when it is needed first: most patterns are compared as they are. Two that are made at
  /// once are the same.
  private volatile @Nullable Automaton automaton;

  private Glob(String pattern, boolean wildcards) {
    this.pattern = pattern;
    this.wildcards = wildcards;
    this.plain = !wildcards || (pattern.indexOf('*') < 0 && pattern.indexOf('?') < 0);
    String longest = plain ? pattern : longestPart(pattern);
    String folded = fold(longest);
    this.part = folded.equals(pattern) ? pattern : folded;
    this.word = plain && !part.isEmpty() && part.chars().allMatch(Glob::isWord);
  }

  /// The pattern with its wildcards.
  static Glob of(String pattern) {
    return new Glob(pattern, true);
  }

  /// A pattern in which `*` and `?` stand for themselves.
  static Glob literal(String text) {
    return new Glob(text, false);
  }

  /// The pattern as it was written.
  String pattern() {
    return pattern;
  }

  /// Over how many words of 64 bits its states are spread, at most.
  int words() {
    return words(pattern);
  }

  /// As [#words], of a pattern.
  static int words(String pattern) {
    return pattern.length() / Long.SIZE + 1;
  }

  private static String longestPart(String pattern) {
    return Arrays.stream(pattern.split("[*?]"))
        .max(Comparator.comparingInt(String::length))
        .orElse("");
  }

  /// Its longest part without wildcards, folded, which stands in every folded text that it matches.
  String part() {
    return part;
  }

  /// True if it is one word and no more: it is looked up among the words of a text, not run.
  boolean isOneWord() {
    return word;
  }

  /// About what it takes in memory once it was run: states for each character that is another.
  long bytes() {
    return word
        ? pattern.length()
        : pattern.codePoints().distinct().count() * (CHARACTER_BYTES + (long) words() * Long.BYTES);
  }

  /// True if it has no wildcards, so that it is compared, not run.
  boolean isPlain() {
    return plain;
  }

  /// True if the pattern matches all of the text.
  boolean matches(String text) {
    return plain ? pattern.equalsIgnoreCase(text) : automaton().run(text, false);
  }

  /// True if the pattern matches "any substring of the value of the property which starts and ends
  /// at a word boundary".
  boolean matchesWords(String text) {
    return automaton().run(text, true);
  }

  private Automaton automaton() {
    Automaton made = automaton;
    if (made == null) {
      made = new Automaton(pattern, wildcards);
      automaton = word ? null : made;
    }
    return made;
  }

  /// A text in which letters of either case are the same.
  static String fold(String text) {
    StringBuilder folded = new StringBuilder(text.length());
    for (int at = 0; at < text.length(); ) {
      int each = text.codePointAt(at);
      at += Character.charCount(each);
      folded.appendCodePoint(fold(each));
    }
    return folded.toString();
  }

  static int fold(int character) {
    return Character.toLowerCase(Character.toUpperCase(character));
  }

  /// Whether it is one of `[A-Z]`, `[a-z]`, `[0-9]` and `_`.
  static boolean isWord(int character) {
    return (character >= 'a' && character <= 'z')
        || (character >= 'A' && character <= 'Z')
        || (character >= '0' && character <= '9')
        || character == '_';
  }

  /// What runs over a text.
  private static final class Automaton {
    /// The number of characters to be matched; also the state in which all are.
    private final int size;

    /// By character, the states from which it leads to the next.
    private final Map<Integer, long[]> steps = new HashMap<>();

    /// The states from which any character leads to the next: before a `?`.
    private final long[] anyStep;

    /// The states that any character leaves as they are: before a `*`.
    private final long[] loops;

    Automaton(String pattern, boolean wildcards) {
      int[] tokens =
          pattern
              .codePoints()
              .map(each ->
                  wildcards && each == '*' ? STAR : wildcards && each == '?' ? each : fold(each))
              .toArray();
      size = (int) Arrays.stream(tokens).filter(each -> each != STAR).count();
      int words = size / Long.SIZE + 1;
      anyStep = new long[words];
      loops = new long[words];
      int state = 0;
      for (int token : tokens) {
        if (token == STAR) {
          set(loops, state);
        } else {
          boolean any = wildcards && token == '?';
          set(any ? anyStep : steps.computeIfAbsent(token, _ -> new long[words]), state++);
        }
      }
    }

    boolean run(String text, boolean words) {
      long[] states = new long[anyStep.length];
      set(states, 0);
      int before = -1;
      for (int at = 0; at < text.length(); ) {
        int each = text.codePointAt(at);
        at += Character.charCount(each);
        if (words && isBoundary(before, each)) {
          set(states, 0);
          if (isSet(states, size)) {
            return true;
          }
        }
        step(states, fold(each));
        before = each;
      }
      if (words) {
        set(states, 0);
      }
      return isSet(states, size);
    }

    private void step(long[] states, int character) {
      long[] own = steps.get(character);
      long carry = 0;
      for (int word = 0; word < states.length; word++) {
        long here = states[word];
        long moving = here & (own == null ? anyStep[word] : own[word] | anyStep[word]);
        states[word] = (moving << 1) | carry | (here & loops[word]);
        carry = moving >>> (Long.SIZE - 1);
      }
    }

    /// "A word boundary is defined as the start or end of the value, or any character not in the
    /// sets `[A-Z]`, `[a-z]`, `[0-9]` or `_`."
    private static boolean isBoundary(int before, int after) {
      return !isWord(before) || !isWord(after);
    }

    private static void set(long[] states, int state) {
      states[state / Long.SIZE] |= 1L << (state % Long.SIZE);
    }

    private static boolean isSet(long[] states, int state) {
      return (states[state / Long.SIZE] & (1L << (state % Long.SIZE))) != 0;
    }
  }
}
