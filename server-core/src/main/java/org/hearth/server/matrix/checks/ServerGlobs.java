package org.hearth.server.matrix.checks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Glob-style patterns of server names, of which it is asked whether any matches: `*` "matches zero
/// or more characters", `?` "matches exactly one character". Letters count in either case.
///
/// **thread**: any; immutable. **source**: [Glob-style matching][glob].
///
/// [glob]: https://spec.matrix.org/v1.19/appendices/#glob-style-matching
final class ServerGlobs {
  /*
   * All patterns are one automaton: a state for each character that is to be matched, and one for
   * the end of each pattern, 64 to a word. Each character of a name moves all states at once, so
   * that the time is the length of the name times that of all patterns together, divided by 64, and
   * no pattern can provoke more.
   */
  /// The characters of server names; a pattern with another one matches nothing.
  private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-.:[]";

  /// A name has no more characters, so that a pattern that demands more matches nothing.
  private static final int LONGEST_NAME = 255;

  private final int words;
  private final long[] starts;
  private final long[] ends;

  /// The states that any character leaves as they are: before a `*`.
  private final long[] loops;

  /// The states from which any character leads to the next: before a `?`.
  private final long[] any;

  /// By letter, the states from which it leads to the next; null where that is as for any.
  private final long[] @Nullable [] steps;

  private ServerGlobs(List<String> patterns) {
    words = patterns.stream().mapToInt(each -> required(each) + 1).sum() / Long.SIZE + 1;
    starts = new long[words];
    ends = new long[words];
    loops = new long[words];
    any = new long[words];
    steps = new long[ALPHABET.length()][];
    int state = 0;
    for (String pattern : patterns) {
      set(starts, state);
      for (int i = 0; i < pattern.length(); i++) {
        char each = pattern.charAt(i);
        switch (each) {
          case '*' -> set(loops, state);
          case '?' -> set(any, state++);
          default -> set(stepsOf(ALPHABET.indexOf(each)), state++);
        }
      }
      set(ends, state++);
    }
    for (long @Nullable [] letter : steps) {
      for (int word = 0; letter != null && word < words; word++) {
        letter[word] |= any[word];
      }
    }
  }

  /// Those patterns; what can match no server name is left out.
  static ServerGlobs of(List<String> patterns) {
    List<String> usable = new ArrayList<>();
    for (String pattern : patterns) {
      String folded = pattern.toLowerCase(Locale.ROOT);
      if (isOfNames(folded) && required(folded) <= LONGEST_NAME) {
        usable.add(folded);
      }
    }
    return new ServerGlobs(usable);
  }

  private static boolean isOfNames(String pattern) {
    return pattern
        .chars()
        .allMatch(each -> each == '*' || each == '?' || ALPHABET.indexOf(each) >= 0);
  }

  /// How many characters a name must have at least.
  private static int required(String pattern) {
    return (int) pattern.chars().filter(each -> each != '*').count();
  }

  private long[] stepsOf(int letter) {
    long @Nullable [] known = steps[letter];
    if (known == null) {
      known = new long[words];
      steps[letter] = known;
    }
    return known;
  }

  /// Whether any pattern matches all of the name.
  boolean matches(String name) {
    String folded = name.toLowerCase(Locale.ROOT);
    long[] states = starts.clone();
    for (int i = 0; i < folded.length(); i++) {
      int letter = ALPHABET.indexOf(folded.charAt(i));
      if (letter < 0) {
        return false;
      }
      long @Nullable [] own = steps[letter];
      step(states, own == null ? any : own);
    }
    for (int word = 0; word < words; word++) {
      if ((states[word] & ends[word]) != 0) {
        return true;
      }
    }
    return false;
  }

  /// From the end of a pattern nothing leads on, so that no pattern runs into the next.
  private void step(long[] states, long[] own) {
    long carry = 0;
    for (int word = 0; word < words; word++) {
      long here = states[word];
      long moving = here & own[word];
      states[word] = (moving << 1) | carry | (here & loops[word]);
      carry = moving >>> (Long.SIZE - 1);
    }
  }

  /// About what it takes in memory.
  int bytes() {
    int masks = 4;
    for (long @Nullable [] letter : steps) {
      masks += letter == null ? 0 : 1;
    }
    return masks * words * Long.BYTES;
  }

  private static void set(long[] states, int state) {
    states[state / Long.SIZE] |= 1L << (state % Long.SIZE);
  }
}
