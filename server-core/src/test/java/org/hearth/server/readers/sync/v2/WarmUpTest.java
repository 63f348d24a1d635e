package org.hearth.server.readers.sync.v2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.id.UserId;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final UserId BOB = UserId.parse("@bob:hearth.test");

  private final Queue<UserId> made = new ConcurrentLinkedQueue<>();

  private static WarmUp of(WarmUp.Answer answer, List<UserId> users, AtomicBoolean others) {
    return new WarmUp(() -> users, answer, others::get, Duration.ZERO);
  }

  @Test
  void makesAnAnswerForEachInOrder() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    WarmUp warmUp =
        of(
            (user, json) -> {
              json.value(user.value());
              made.add(user);
              both.countDown();
            },
            List.of(ALICE, BOB),
            new AtomicBoolean());

    warmUp.start();

    assertThat(both.await(1, TimeUnit.MINUTES)).isTrue();
    warmUp.stop();
    assertThat(made).containsExactly(ALICE, BOB);
  }

  @Test
  void doesNothingWhileOthersAreAnswered() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    CountDownLatch again = new CountDownLatch(3);
    WarmUp warmUp =
        new WarmUp(
            () -> List.of(ALICE),
            (user, _) -> made.add(user),
            () -> {
              asked.incrementAndGet();
              again.countDown();
              return true;
            },
            Duration.ZERO);

    warmUp.start();

    assertThat(again.await(1, TimeUnit.MINUTES)).isTrue();
    warmUp.stop();
    assertThat(made).isEmpty();
  }

  @Test
  void endsInTheMiddleOfAnAnswerWhenItIsStopped() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    WarmUp warmUp =
        of(
            (user, json) -> {
              json.array();
              begun.countDown();
              // Without an end: only a piece that is not taken ends it.
              while (begun.getCount() == 0) {
                json.value("x".repeat(10_000));
              }
            },
            List.of(ALICE),
            new AtomicBoolean());

    warmUp.start();
    assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();

    warmUp.stop();
  }

  @Test
  void makesNoMoreThanTheMemoryHolds() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    AtomicInteger written = new AtomicInteger();
    WarmUp warmUp =
        of(
            (user, json) -> {
              made.add(user);
              try {
                json.array();
                while (true) {
                  json.value("x".repeat(10_000));
                  written.addAndGet(10_000);
                }
              } finally {
                over.countDown();
              }
            },
            List.of(ALICE, BOB),
            new AtomicBoolean());

    warmUp.start();

    assertThat(over.await(1, TimeUnit.MINUTES)).isTrue();
    warmUp.stop();
    assertThat(made).containsExactly(ALICE);
    // The last piece may go over it.
    assertThat((long) written.get()).isCloseTo(WarmUp.MOST_BYTES, within(1L << 20));
  }
}
