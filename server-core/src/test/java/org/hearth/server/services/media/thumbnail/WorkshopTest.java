package org.hearth.server.services.media.thumbnail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.server.matrix.error.MatrixException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkshopTest {
  private static final Duration LONG = Duration.ofSeconds(50);

  private final Workshop<String, String> workshop = new Workshop<>("workshop-test");
  private final ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor();
  private final List<String> made = new CopyOnWriteArrayList<>();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);

  @AfterEach
  void stop() throws InterruptedException {
    goOn.countDown();
    assertThat(workshop.end(LONG)).isTrue();
    askers.shutdownNow();
  }

  /// Keeps the thread busy until the test lets it go on.
  private void block() throws InterruptedException {
    var _ =
        askers.submit(() ->
            workshop.get(
                "first",
                "somebody",
                () -> {
                  begun.countDown();
                  await(goOn);
                  return "first";
                },
                LONG));
    assertThat(begun.await(50, TimeUnit.SECONDS)).isTrue();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(50, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Future<Optional<String>> ask(String key, String asker) {
    return askers.submit(() ->
        workshop.get(
            key,
            asker,
            () -> {
              made.add(key);
              return key;
            },
            LONG));
  }

  private void awaitWaiting(int count) {
    while (workshop.waiting() < count) {
      Thread.onSpinWait();
    }
  }

  @Test
  void thoseWhoAskTakeTurns() throws Exception {
    workshop.start();
    block();
    List<Future<Optional<String>>> asked = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      asked.add(ask("greedy" + i, "greedy"));
      awaitWaiting(i + 1);
    }
    asked.add(ask("modest", "modest"));
    awaitWaiting(5);

    goOn.countDown();
    for (Future<Optional<String>> each : asked) {
      assertThat(each.get()).isPresent();
    }

    assertThat(made).containsExactly("greedy0", "modest", "greedy1", "greedy2", "greedy3");
  }

  @Test
  void whatSeveralAskForIsMadeOnce() throws Exception {
    workshop.start();
    block();
    Future<Optional<String>> one = ask("same", "one");
    awaitWaiting(1);
    Future<Optional<String>> other = ask("same", "other");
    while (workshop.underWay("same") < 2) {
      Thread.onSpinWait();
    }

    goOn.countDown();

    assertThat(one.get()).contains("same");
    assertThat(other.get()).contains("same");
    assertThat(made).containsExactly("same");
  }

  @Test
  void whoeverFailsIsToldAndTheNextOneIsMade() throws Exception {
    workshop.start();

    assertThatThrownBy(() ->
            workshop.get(
                "bad",
                "one",
                () -> {
                  throw new StackOverflowError("too deep");
                },
                LONG))
        .hasRootCauseInstanceOf(StackOverflowError.class);
    assertThat(ask("good", "one").get()).contains("good");
  }

  @Test
  void whoAsksForTooMuchIsToldToComeLater() throws Exception {
    workshop.start();
    block();
    for (int i = 0; i < Workshop.MOST_WAITING_OF_ONE; i++) {
      var _ = ask("key" + i, "greedy");
      awaitWaiting(i + 1);
    }

    assertThatThrownBy(() -> workshop.get("more", "greedy", () -> "more", LONG))
        .isInstanceOf(MatrixException.class)
        .hasMessageContaining("M_LIMIT_EXCEEDED");
    assertThat(workshop.get("more", "other", () -> "more", Duration.ZERO)).isEmpty();
  }
}
