package org.hearth.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.admin.RateHistory.Point;
import org.hearth.server.admin.RateHistory.Window;
import org.hearth.server.services.account.ManualClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Looks by hand, a second apart.
final class RateHistoryTest {
  private final ManualClock clock = new ManualClock();
  private final Instant start = clock.instant();
  private long events;
  private final RateHistory history = new RateHistory(() -> events, clock);

  @AfterEach
  void close() {
    history.close();
  }

  private void seconds(int seconds, int eventsEach) {
    for (int i = 0; i < seconds; i++) {
      clock.advance(Duration.ofSeconds(1));
      events += eventsEach;
      history.look();
    }
  }

  @Test
  void pointsHaveTheirTimeAndWhatHappenedInIt() {
    seconds(1, 3);
    seconds(1, 0);

    assertThat(history.points(Window.TEN_MINUTES))
        .containsExactly(
            new Point(start, start.plusSeconds(1), 3),
            new Point(start.plusSeconds(1), start.plusSeconds(2), 0));
    assertThat(history.points(Window.HOUR)).isEmpty();
  }

  @Test
  void longerSpansAreCoarser() {
    seconds(60, 2);
    seconds(60, 4);

    assertThat(history.points(Window.HOUR)).hasSize(12).allMatch(each -> lasts(each, 10));
    assertThat(history.points(Window.DAY))
        .containsExactly(
            new Point(start, start.plusSeconds(60), 2),
            new Point(start.plusSeconds(60), start.plusSeconds(120), 4));
  }

  @Test
  void aLookThatFailsIsNotTheLast() throws Exception {
    AtomicInteger looks = new AtomicInteger();
    CountDownLatch later = new CountDownLatch(1);
    try (RateHistory looking =
        new RateHistory(
            () -> {
              switch (looks.getAndIncrement()) {
                case 0 -> {}
                case 1 -> throw new AssertionError("for the test");
                default -> later.countDown();
              }
              return 0;
            },
            clock)) {
      looking.start();

      assertThat(later.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static boolean lasts(Point point, int seconds) {
    return Duration.between(point.from(), point.to()).equals(Duration.ofSeconds(seconds));
  }

  @Test
  void whatIsOlderThanTheSpanIsForgotten() {
    seconds(700, 1);

    assertThat(history.points(Window.TEN_MINUTES))
        .hasSize(600)
        .first()
        .returns(start.plusSeconds(100), Point::from);
    assertThat(history.points(Window.HOUR)).hasSize(70);
  }

  @Test
  void timeInWhichTheComputerSleptIsAGap() {
    seconds(5, 1);
    clock.advance(Duration.ofHours(2));
    events += 1_000;
    history.look();
    seconds(2, 1);

    Instant awake = start.plusSeconds(5).plus(Duration.ofHours(2));
    assertThat(history.points(Window.TEN_MINUTES))
        .containsExactly(
            new Point(awake, awake.plusSeconds(1), 1),
            new Point(awake.plusSeconds(1), awake.plusSeconds(2), 1));
  }

  @Test
  void aClockThatIsSetBackBeginsAnew() {
    seconds(5, 1);
    clock.advance(Duration.ofHours(-1));
    history.look();
    seconds(2, 1);

    Instant then = start.plusSeconds(5).minus(Duration.ofHours(1));
    assertThat(history.points(Window.TEN_MINUTES))
        .containsExactly(
            new Point(then, then.plusSeconds(1), 1),
            new Point(then.plusSeconds(1), then.plusSeconds(2), 1));
  }
}
