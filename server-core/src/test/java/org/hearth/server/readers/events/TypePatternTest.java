package org.hearth.server.readers.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.hearth.server.matrix.testkit.ProcessorTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TypePatternTest {
  @ParameterizedTest
  @CsvSource({
    "m.room.message, m.room.message, true",
    "m.room.message, m.room.messages, false",
    "m.room.*, m.room.message, true",
    "m.room.*, m.room., true",
    "m.room.*, m.room, false",
    "*, anything, true",
    "*message, m.room.message, true",
    "*message, m.room.messages, false",
    "m.*.message, m.room.message, true",
    "m.*.*, m.room.message, true",
    "*o*o*, m.room, true",
    "*o*o*o*, m.room, false",
    "m.room.?, m.room.x, false",
    "m.room.[a-z], m.room.a, false",
    "a**b, ab, true",
    "a**b, axxb, true",
    "M.room.*, m.room.message, false",
  })
  void matchesAStarWithAnySequence(String pattern, String type, boolean matches) {
    assertThat(new TypePattern(pattern).matches(type)).isEqualTo(matches);
  }

  @Test
  void emptyPatternMatchesOnlyTheEmptyType() {
    assertThat(new TypePattern("").matches("")).isTrue();
    assertThat(new TypePattern("").matches("m")).isFalse();
    assertThat(new TypePattern("*").matches("")).isTrue();
  }

  @Test
  void takesNoLongerForAMaliciousPattern() {
    String pattern = "*a".repeat(100) + "b";
    String type = "a".repeat(255);

    Duration cost =
        ProcessorTime.of(() -> assertThat(new TypePattern(pattern).matches(type)).isFalse());

    assertThat(cost).isLessThan(Duration.ofSeconds(2));
  }

  /// A type that counts how often its characters are looked at.
  private static final class Counted implements CharSequence {
    private final String type;
    private int looks;

    Counted(String type) {
      this.type = type;
    }

    @Override
    public int length() {
      return type.length();
    }

    @Override
    public char charAt(int index) {
      looks++;
      return type.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      throw new AssertionError("characters are looked at one by one");
    }

    @Override
    public String toString() {
      return type;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"*%sb*", "*%sb*a", "a*%sb*", "*%sb%sb*", "%s*%sb*%s"})
  void looksAtEachCharacterOfTheTypeAFewTimes(String shape) {
    String half = "a".repeat(60);
    Counted type = new Counted("a".repeat(255));

    assertThat(new TypePattern(shape.replace("%s", half)).matches(type)).isFalse();

    assertThat(type.looks).isLessThanOrEqualTo(3 * type.length());
  }

  @Test
  void agreesWithRegularExpressions() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      String pattern = randomText(random, "ab*", 12);
      String type = randomText(random, "ab", 16);
      boolean expected = type.matches(pattern.replace("*", ".*"));

      assertThat(new TypePattern(pattern).matches(type))
          .as("%s and %s", pattern, type)
          .isEqualTo(expected);
    }
  }

  private static String randomText(Random random, String alphabet, int longest) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(longest + 1); i > 0; i--) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }
}
