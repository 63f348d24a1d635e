package org.hearth.server.writers.federationmembership.joining;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Of large answers there is one at a time, and none holds the others up by coming slowly.
@Timeout(60)
final class LargeJoinTurnsTest {
  private static final long LARGE = LargeAnswers.SMALL_BYTES + 1;

  private final AtomicLong nanos = new AtomicLong();
  private final LargeAnswers answers = new LargeAnswers(nanos::get);

  private LargeAnswers.Place place() {
    return answers.place(new Pace(nanos::get));
  }

  private void later(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private CompletableFuture<Boolean> waits(LargeAnswers.Place place) {
    CompletableFuture<Boolean> kept = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> kept.complete(place.mayKeep(LARGE)));
    return kept;
  }

  @Test
  void oneThatStallsIsGivenUpWhenAnotherWaits() throws Exception {
    LargeAnswers.Place first = place();
    // What it was quick with does not buy it more than a while.
    assertThat(first.mayKeep(100 * LARGE)).isTrue();
    assertThat(first.mayKeep(190 * LARGE)).isTrue();
    later(Pace.GRACE.plusMillis(1));
    assertThat(first.givenUp()).isNotDone();

    CompletableFuture<Boolean> second = waits(place());

    first.givenUp().get();
    assertThat(second).isNotDone();
    first.close();
    assertThat(second.get()).isTrue();
    assertThat(first.mayKeep(191 * LARGE)).isFalse();
  }

  @Test
  void oneThatComesAlongIsWaitedFor() throws Exception {
    LargeAnswers.Place first = place();
    long has = LARGE;
    assertThat(first.mayKeep(has)).isTrue();
    CompletableFuture<Boolean> second = waits(place());

    for (int seconds = 0; seconds < 3 * Pace.GRACE.toSeconds(); seconds++) {
      later(Duration.ofSeconds(1));
      has += Pace.SLOWEST_BYTES_A_SECOND;
      assertThat(first.mayKeep(has)).isTrue();
    }
    // Who is checked and stored is waited for as well.
    first.isHere();
    later(Pace.GRACE.multipliedBy(2));
    assertThat(first.givenUp()).isNotDone();

    first.close();
    assertThat(second.get()).isTrue();
  }

  @Test
  void smallOnesNeedNoTurn() {
    LargeAnswers.Place large = place();
    assertThat(large.mayKeep(LARGE)).isTrue();

    assertThat(place().mayKeep(LargeAnswers.SMALL_BYTES)).isTrue();
  }
}
