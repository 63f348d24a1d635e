package org.hearth.server.readers.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.hearth.server.matrix.testkit.ProcessorTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
}
