package org.hearth.app.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RestartsTest {
  private static final Duration SHORT = Duration.ofSeconds(599);

  private final Restarts restarts = new Restarts();

  @Test
  void thePauseDoublesUntilTheServerIsLeftToItsOwner() {
    assertThat(Stream.generate(() -> restarts.after(SHORT, false)).limit(6))
        .containsExactly(
            seconds(1), seconds(2), seconds(4), seconds(8), seconds(16), Optional.empty());
    assertThat(restarts.after(SHORT, false)).isEmpty();
  }

  @Test
  void aServerWhoseDatabaseIsDamagedIsStartedAgainOnceHoweverLongItRuns() {
    assertThat(restarts.after(SHORT, false)).isEqualTo(seconds(1));
    assertThat(restarts.after(Duration.ofMinutes(10), true)).isEqualTo(seconds(1));
    assertThat(restarts.after(Duration.ofMinutes(10), true)).isEmpty();

    restarts.forget();
    assertThat(restarts.after(SHORT, true)).isEqualTo(seconds(1));
  }

  @Test
  void aServerThatRanForTenMinutesBeginsAnewAndSoDoesItsOwner() {
    assertThat(restarts.after(SHORT, false)).isEqualTo(seconds(1));
    assertThat(restarts.after(SHORT, false)).isEqualTo(seconds(2));

    assertThat(restarts.after(Duration.ofMinutes(10), false)).isEqualTo(seconds(1));
    assertThat(restarts.after(SHORT, false)).isEqualTo(seconds(2));

    restarts.forget();
    assertThat(restarts.after(SHORT, false)).isEqualTo(seconds(1));
  }

  private static Optional<Duration> seconds(int count) {
    return Optional.of(Duration.ofSeconds(count));
  }
}
