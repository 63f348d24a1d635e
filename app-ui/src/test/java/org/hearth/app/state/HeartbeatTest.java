package org.hearth.app.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.testfx.api.FxRobot;
import org.testfx.framework.junit5.ApplicationExtension;

@ExtendWith(ApplicationExtension.class)
class HeartbeatTest {
  @Test
  void anErrorIsToldAndNotTheLastAnswer() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    List<String> failures = new CopyOnWriteArrayList<>();
    CountDownLatch answered = new CountDownLatch(1);
    Heartbeat<String> heartbeat =
        new Heartbeat<>(
            "test-heartbeat",
            Duration.ofMillis(10),
            () -> {
              if (asked.getAndIncrement() == 0) {
                throw new StackOverflowError("for the test");
              }
              return "answer";
            },
            _ -> answered.countDown(),
            failures::add);
    FxRobot robot = new FxRobot();

    robot.interact(heartbeat::start);

    assertThat(answered.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(failures).containsExactly("for the test");
    robot.interact(heartbeat::stop);
  }
}
