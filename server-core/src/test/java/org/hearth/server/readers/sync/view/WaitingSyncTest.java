package org.hearth.server.readers.sync.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.junit.jupiter.api.Test;

class WaitingSyncTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @Test
  void returnsAtOnceIfWokenBetweenLookingAndSleeping() {
    WaitingSync waiting = new WaitingSync(null);
    waiting.look();

    waiting.wake();

    assertThat(waiting.sleep(inThe(LONG))).isTrue();
  }

  @Test
  void aWakeUpBeforeTheLookIsNotSleptOver() {
    WaitingSync waiting = new WaitingSync(null);
    waiting.wake();
    waiting.look();

    assertThat(waiting.sleep(inThe(Duration.ofMillis(1)))).isFalse();
  }

  @Test
  void losesNoWakeUpOfManyThreads() throws Exception {
    // A ball that can only be passed on if the other side has been woken: a lost wake-up ends the
    // game.
    int rounds = 20_000;
    AtomicInteger ball = new AtomicInteger();
    AtomicReference<WaitingSync> even = new AtomicReference<>();
    AtomicReference<WaitingSync> odd = new AtomicReference<>();
    CountDownLatch ready = new CountDownLatch(2);
    try (ExecutorService players = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> one = players.submit(() -> play(ball, 0, rounds, even, odd, ready));
      Future<Boolean> other = players.submit(() -> play(ball, 1, rounds, odd, even, ready));

      assertThat(one.get(1, TimeUnit.MINUTES)).isTrue();
      assertThat(other.get(1, TimeUnit.MINUTES)).isTrue();
    }
    assertThat(ball).hasValue(rounds);
  }

  private static boolean play(
      AtomicInteger ball,
      int parity,
      int rounds,
      AtomicReference<WaitingSync> own,
      AtomicReference<WaitingSync> other,
      CountDownLatch ready)
      throws InterruptedException {
    WaitingSync waiting = new WaitingSync(null);
    own.set(waiting);
    ready.countDown();
    ready.await();
    while (true) {
      waiting.look();
      int now = ball.get();
      if (now >= rounds) {
        other.get().wake();
        return true;
      }
      if (now % 2 == parity) {
        ball.incrementAndGet();
        other.get().wake();
      } else if (!waiting.sleep(inThe(Duration.ofSeconds(30)))) {
        return false;
      }
    }
  }

  @Test
  void theOldestOfTooManyIsAnswered() {
    UserFeed feed = new UserFeed(UserId.parse("@alice:hearth.test"));
    WaitingSync first = new WaitingSync(null);
    feed.register(first);
    for (int i = 1; i < UserFeed.MOST_WAITING; i++) {
      feed.register(new WaitingSync(null));
    }
    assertThat(first.isOver()).isFalse();

    WaitingSync last = new WaitingSync(null);
    feed.register(last);

    assertThat(first.isOver()).isTrue();
    assertThat(last.isOver()).isFalse();
  }

  @Test
  void knowsItsDevice() {
    DeviceId phone = DeviceId.parse("PHONE");
    WaitingSync waiting = new WaitingSync(phone);

    waiting.end(MatrixException.unknownToken(false));

    assertThat(waiting.isOf(phone)).isTrue();
    assertThat(waiting.isOf(DeviceId.parse("TABLET"))).isFalse();
    assertThat(new WaitingSync(null).isOf(phone)).isFalse();
    assertThat(waiting.refusal()).isPresent();
  }

  private static long inThe(Duration duration) {
    return System.nanoTime() + duration.toNanos();
  }
}
