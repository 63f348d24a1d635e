package org.hearth.server.matrix.push;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.regex.Pattern;
import org.hearth.server.matrix.testkit.ProcessorTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
  @ParameterizedTest
  @CsvSource({
    "lunc?*, Lunch plans, true",
    "lunc?*, LUNCH, true",
    "lunc?*, ' lunch', false",
    "lunc?*, lunc, false",
    "*, '', true",
    "**, abc, true",
    "?, '', false",
    "?, a, true",
    "?, ab, false",
    "'', '', true",
    "'', a, false",
    "a*b*c, aXXbYYc, true",
    "a*b*c, aXXbYY, false",
    "a*?c, ac, false",
    "a*?c, abc, true",
    "m.room.*, m.room.message, true",
    "m.room.*, m_room_message, false",
    "ÄÖ*, äöü, true",
    "[a-z], b, false",
    "[a-z], [A-Z], true",
    "a\\*, a\\b, true",
  })
  void matchesTheWholeText(String pattern, String text, boolean matches) {
    assertThat(Glob.of(pattern).matches(text)).isEqualTo(matches);
  }

  @ParameterizedTest
  @CsvSource({
    "ex*ple, An example event., true",
    "ex*ple, exple, true",
    "ex*ple, An exciting triple-whammy, true",
    "ex*ple, An unexample, false",
    "ex*ple, exampled, false",
    "cake, I like CAKE., true",
    "cake, cakes, false",
    "cake, cup_cake, false",
    "cake, cup-cake, true",
    "cake, cupécake, true",
    "alice, hello alice!, true",
    "alice, malice, false",
    "alice, '', false",
    "@room, hi @room, true",
    "@room, '@room, look', true",
    "ca?e, a case here, true",
    "ca?e, a cae here, false",
    "*, anything, true",
    "two words, those two words there, true",
    "two words, those two wordsthere, false",
  })
  void matchesWholeWordsWithin(String pattern, String text, boolean matches) {
    assertThat(Glob.of(pattern).matchesWords(text)).isEqualTo(matches);
  }

  @Test
  void questionMarkIsOneCharacterAlsoBeyondTheBasicPlane() {
    assertThat(Glob.of("a?b").matches("a\ud83d\ude00b")).isTrue();
    assertThat(Glob.of("a??b").matches("a\ud83d\ude00b")).isFalse();
  }

  @Test
  void literalTakesWildcardsAsTheyAre() {
    assertThat(Glob.literal("a*?").matchesWords("see A*? there")).isTrue();
    assertThat(Glob.literal("a*?").matchesWords("see abc there")).isFalse();
  }

  @Test
  void patternsOfAnyLengthWork() {
    for (int length = 1; length <= 300; length++) {
      String text = "ab".repeat(length);

      assertThat(Glob.of(text + "*").matches(text)).isTrue();
      assertThat(Glob.of("?".repeat(2 * length)).matches(text)).isTrue();
      assertThat(Glob.of("?".repeat(2 * length)).matches(text + "c")).isFalse();
      assertThat(Glob.of(text).matchesWords("x " + text + " x")).isTrue();
      assertThat(Glob.of(text + "?").matches(text)).isFalse();
    }
  }

  @Test
  void agreesWithRegularExpressions() {
    long seed = 20261123;
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      String pattern = randomText(random, "ab*?", 8);
      String text = randomText(random, "ab ", 10);
      String regex = pattern.replace("*", ".*").replace("?", ".");

      assertThat(Glob.of(pattern).matches(text))
          .as("seed %d: \"%s\" on \"%s\"", seed, pattern, text)
          .isEqualTo(text.matches(regex));
      assertThat(Glob.of(pattern).matchesWords(text))
          .as("seed %d: \"%s\" in \"%s\"", seed, pattern, text)
          .isEqualTo(wordsByRegex(regex, text));
    }
  }

  /// Tries every substring that begins and ends at a boundary.
  private static boolean wordsByRegex(String regex, String text) {
    Pattern compiled = Pattern.compile(regex);
    for (int start = 0; start <= text.length(); start++) {
      for (int end = start; end <= text.length(); end++) {
        if (isBoundary(text, start)
            && isBoundary(text, end)
            && compiled.matcher(text.substring(start, end)).matches()) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isBoundary(String text, int at) {
    return at == 0 || at == text.length() || text.charAt(at - 1) == ' ' || text.charAt(at) == ' ';
  }

  @Test
  void hostilePatternsCostLittle() {
    String text = "a".repeat(65_000);
    Glob glob = Glob.of("*a".repeat(500) + "*b");

    Duration cost =
        ProcessorTime.of(() -> {
          assertThat(glob.matches(text)).isFalse();
          assertThat(glob.matchesWords(text)).isFalse();
        });

    assertThat(cost).isLessThan(Duration.ofSeconds(2));
  }

  private static String randomText(Random random, String alphabet, int maxLength) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(maxLength + 1); i > 0; i--) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }
}
