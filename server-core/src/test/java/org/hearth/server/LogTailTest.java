package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogTailTest {
  private final LogTail tail = new LogTail();

  private void add(String message) {
    tail.add(Instant.EPOCH, LogLine.Level.INFO, "Test", message);
  }

  @Test
  void keepsNoMoreCharactersThanItsBudget() {
    for (int i = 0; i < 1_000; i++) {
      add(i + "x".repeat(LogTail.LONGEST - 10));
    }

    List<LogLine> kept = tail.after(0);

    assertThat(kept.stream().mapToInt(each -> each.message().length()).sum())
        .isBetween(LogTail.MOST_CHARS - 2 * LogTail.LONGEST, LogTail.MOST_CHARS);
    assertThat(kept.getLast().number()).isEqualTo(1_000);
  }

  @Test
  void cutsALongLineAndSaysHowLongItWas() {
    add("x".repeat(10_000_000));

    assertThat(tail.after(0).getFirst().message())
        .hasSizeLessThan(LogTail.LONGEST + 50)
        .endsWith("(10,000,000 characters)");
  }
}
