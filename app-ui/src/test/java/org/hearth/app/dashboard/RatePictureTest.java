package org.hearth.app.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.hearth.app.dashboard.HomeViewModel.Rates;
import org.hearth.server.admin.RateHistory.Point;
import org.hearth.server.admin.RateHistory.Window;
import org.junit.jupiter.api.Test;

/// Where nothing is known, no line is drawn.
class RatePictureTest {
  private static final Instant START = Instant.parse("2026-11-29T06:00:00Z");

  private static Point second(int at) {
    return new Point(START.plusSeconds(at), START.plusSeconds(at + 1), 1);
  }

  @Test
  void pointsThatDoNotTouchAreLinesOfTheirOwn() {
    Rates rates =
        new Rates(
            Window.TEN_MINUTES,
            START.plusSeconds(60),
            List.of(second(0), second(1), second(40), second(41), second(42)));

    assertThat(RatePicture.stretches(rates))
        .containsExactly(
            List.of(second(0), second(1)), List.of(second(40), second(41), second(42)));
  }
}
