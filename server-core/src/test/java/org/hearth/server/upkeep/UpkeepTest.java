package org.hearth.server.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UpkeepTest {
  private static final Duration SOON = Duration.ofMillis(1);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Upkeep upkeep = new Upkeep("test-upkeep");

  @AfterEach
  void end() {
    upkeep.end();
  }

  @Test
  void whatFailsIsDoneTheNextTimeWhateverTheError() throws Exception {
    CountDownLatch exceptions = new CountDownLatch(3);
    CountDownLatch errors = new CountDownLatch(3);
    upkeep.every(
        Duration.ZERO,
        SOON,
        "for the test",
        () -> {
          exceptions.countDown();
          throw new IllegalStateException("for the test");
        });
    upkeep.every(
        Duration.ZERO,
        SOON,
        "for the test",
        () -> {
          errors.countDown();
          throw new StackOverflowError("for the test");
        });

    assertThat(exceptions.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(errors.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void theEndWaitsForWhatIsBeingDoneAndWhatWaitsAndNothingComesAfterIt() throws Exception {
    List<String> done = new CopyOnWriteArrayList<>();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch ending = new CountDownLatch(1);
    upkeep.once(
        "for the test",
        () -> {
          begun.countDown();
          await(ending);
          done.add("first, interrupted: " + Thread.interrupted());
        });
    upkeep.once("for the test", () -> done.add("second"));
    upkeep.every(Duration.ofHours(1), SOON, "for the test", () -> done.add("never"));
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();

    assertThat(upkeep.isEnding()).isFalse();
    assertThat(upkeep.end(Duration.ZERO)).isFalse();
    assertThat(upkeep.isEnding()).isTrue();
    ending.countDown();

    assertThat(upkeep.end(PATIENCE)).isTrue();
    assertThat(done).containsExactly("first, interrupted: false", "second");
    assertThatThrownBy(() -> upkeep.once("for the test", () -> done.add("too late")))
        .isInstanceOf(RejectedExecutionException.class);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
