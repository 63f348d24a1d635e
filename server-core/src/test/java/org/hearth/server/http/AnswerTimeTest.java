package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.hearth.server.http.connection.Deadlines;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AnswerTimeTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int SECOND = StreamedAnswer.AnswerTime.LEAST_BYTES_PER_SECOND;

  private final Deadlines deadlines = new Deadlines();
  private final StreamedAnswer.AnswerTime time = new StreamedAnswer.AnswerTime(deadlines, PATIENCE);

  @AfterEach
  void close() {
    deadlines.close();
  }

  @Test
  void aPieceHasTheTimeOfItsSizeAndThePatience() {
    assertThat(time.forNext(4 * SECOND)).isEqualTo(PATIENCE.plusSeconds(4));
    assertThat(time.forNext(1 << 30)).isEqualTo(PATIENCE.multipliedBy(4));
  }

  @Test
  void whoTakesEachPieceInItsTimeIsTooSlowForTheWhole() {
    int pieces = 0;
    Duration taken = Duration.ZERO;
    while (time.forNext(4 * SECOND).compareTo(Duration.ofSeconds(10)) >= 0) {
      time.took(4 * SECOND, Duration.ofSeconds(10));
      taken = taken.plusSeconds(10);
      pieces++;
    }

    // Six seconds a piece are taken from the patience, and the last piece needs ten.
    assertThat(pieces).isEqualTo(5);
    assertThat(taken).isLessThan(Duration.ofMinutes(1));
  }

  @Test
  void whoTakesItAtTheLeastRateIsNeverTooSlow() {
    for (int i = 0; i < 1000; i++) {
      assertThat(time.forNext(4 * SECOND)).isEqualTo(PATIENCE.plusSeconds(4));
      time.took(4 * SECOND, Duration.ofSeconds(4));
    }
  }

  @Test
  void whoWasQuickMayNotRestForIt() {
    time.took(1000 * SECOND, Duration.ofSeconds(1));

    assertThat(time.forNext(4 * SECOND)).isEqualTo(PATIENCE.plusSeconds(4));
  }
}
