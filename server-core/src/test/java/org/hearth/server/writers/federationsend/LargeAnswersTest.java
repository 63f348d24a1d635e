package org.hearth.server.writers.federationsend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.hearth.server.matrix.id.ServerName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LargeAnswersTest {
  private static final ServerName GOOD = ServerName.parse("good.example");
  private static final ServerName EVIL = ServerName.parse("a.evil.test");
  private static final ServerName WORSE = ServerName.parse("a.worse.test");

  private final AtomicLong nanos = new AtomicLong();
  private final LargeAnswers answers = new LargeAnswers(nanos::get);

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  /// A job that has a place until it is interrupted.
  private final class Job {
    private final CountDownLatch ended = new CountDownLatch(1);
    private boolean interruptedAfterwards;

    Job(ServerName origin) throws InterruptedException {
      CountDownLatch begun = new CountDownLatch(1);
      var _ =
          Thread.ofVirtual()
              .start(() -> {
                assertThat(answers.take(origin)).isTrue();
                begun.countDown();
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException _) {
                  answers.giveBack(origin);
                  interruptedAfterwards = Thread.currentThread().isInterrupted();
                  ended.countDown();
                }
              });
      begun.await();
    }

    void awaitEnd() throws InterruptedException {
      assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void allNamesOfASiteHaveOnePlace() {
    assertThat(answers.take(EVIL)).isTrue();

    assertThat(answers.take(ServerName.parse("b.evil.test:8448"))).isFalse();
    assertThat(answers.take(GOOD)).isTrue();
    assertThat(answers.take(ServerName.parse("other.example"))).isFalse();
    answers.giveBack(EVIL);
    assertThat(answers.take(ServerName.parse("b.evil.test"))).isTrue();
  }

  @Test
  void whoHasAPlaceForLongGivesWay() throws Exception {
    Job first = new Job(EVIL);
    pass(Duration.ofSeconds(1));
    Job second = new Job(WORSE);
    pass(LargeAnswers.UNDISTURBED.minusSeconds(2));
    assertThat(answers.take(GOOD)).isFalse();
    pass(Duration.ofSeconds(1));

    assertThat(answers.take(GOOD)).isFalse(); // The first is told; its place is free when it ends.

    first.awaitEnd();
    assertThat(first.interruptedAfterwards).isFalse();
    assertThat(second.ended.getCount()).isOne();
    assertThat(answers.take(GOOD)).isTrue();
  }

  @Test
  void whoWasSlowLeavesAPlaceFree() throws Exception {
    Job first = new Job(EVIL);
    pass(Duration.ofSeconds(1));
    Job second = new Job(WORSE);
    pass(LargeAnswers.UNDISTURBED);
    assertThat(answers.take(GOOD)).isFalse();
    first.awaitEnd();
    assertThat(answers.take(GOOD)).isTrue();
    assertThat(answers.take(ServerName.parse("other.example"))).isFalse();
    second.awaitEnd();
    answers.giveBack(GOOD);

    assertThat(answers.take(EVIL)).isTrue();
    assertThat(answers.take(WORSE)).isFalse();
    pass(LargeAnswers.UNDISTURBED);
    assertThat(answers.take(WORSE)).isFalse();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(answers.take(GOOD)).isTrue();
    pass(LargeAnswers.SLOW_FOR);
    answers.giveBack(GOOD);
    assertThat(answers.take(WORSE)).isTrue();
  }
}
