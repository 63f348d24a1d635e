package org.hearth.server.writers.federationsend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hearth.server.matrix.id.ServerName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OriginLanesTest {
  private final OriginLanes lanes = new OriginLanes();
  private final CountDownLatch release = new CountDownLatch(1);
  private final List<ServerName> begun = new CopyOnWriteArrayList<>();

  @AfterEach
  void stop() throws InterruptedException {
    release.countDown();
    assertThat(lanes.stop(Duration.ofSeconds(30))).isTrue();
  }

  private void hang(ServerName origin) {
    lanes.add(
        origin,
        () -> {
          begun.add(origin);
          try {
            release.await();
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
        });
  }

  @Test
  void manyNamesOfASiteLeaveRoomForOthers() throws Exception {
    for (int i = 0; i < 2 * OriginLanes.MOST; i++) {
      hang(ServerName.parse("a%d.evil.test".formatted(i)));
    }
    CountDownLatch done = new CountDownLatch(1);

    lanes.add(ServerName.parse("good.example"), done::countDown);

    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(begun).hasSizeLessThanOrEqualTo(OriginLanes.MOST_OF_SITE);
    release.countDown();
    CountDownLatch last = new CountDownLatch(1);
    lanes.add(ServerName.parse("last.evil.test"), last::countDown);
    assertThat(last.await(30, TimeUnit.SECONDS)).isTrue();
  }
}
