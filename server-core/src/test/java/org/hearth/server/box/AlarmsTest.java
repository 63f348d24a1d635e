package org.hearth.server.box;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class AlarmsTest {
  private final Alarms alarms = Alarms.onThread("test-alarms");
  private final List<String> rung = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() throws InterruptedException {
    alarms.close();
  }

  @Test
  void ringInTheOrderOfTheirTimesUnlessTheyAreCalledOff() throws Exception {
    CountDownLatch last = new CountDownLatch(1);
    // Nothing rings before all are set and one is called off, however busy the machine is.
    CompletableFuture<Void> set = new CompletableFuture<>();
    var _ = alarms.set(Duration.ofMillis(-1), set::join);
    var _ = alarms.set(Duration.ofMillis(800), last::countDown);
    var _ = alarms.set(Duration.ofMillis(400), () -> rung.add("second"));
    Runnable callOff = alarms.set(Duration.ofMillis(30), () -> rung.add("called off"));
    var _ = alarms.set(Duration.ofMillis(-1), () -> rung.add("first"));
    callOff.run();
    set.complete(null);

    assertThat(last.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(rung).containsExactly("first", "second");
  }

  @Test
  void oneThatFailsIsLoggedAndEndsNoOther() throws Exception {
    Logger log = (Logger) LoggerFactory.getLogger(Alarms.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    log.addAppender(logged);
    CountDownLatch other = new CountDownLatch(1);
    var _ =
        alarms.set(
            Duration.ZERO,
            () -> {
              throw new IllegalStateException("for the test");
            });
    var _ = alarms.set(Duration.ofMillis(1), other::countDown);

    assertThat(other.await(20, TimeUnit.SECONDS)).isTrue();
    log.detachAppender(logged);
    assertThat(logged.list)
        .singleElement()
        .satisfies(each -> {
          assertThat(each.getLevel()).isEqualTo(Level.ERROR);
          assertThat(each.getFormattedMessage()).contains("test-alarms");
          assertThat(each.getThrowableProxy().getMessage()).isEqualTo("for the test");
        });
  }

  @Test
  void afterTheEndNoneRingsAndNoneFailsToBeSet() throws Exception {
    var _ = alarms.set(Duration.ofHours(1), () -> rung.add("never"));

    alarms.close();
    Runnable callOff = alarms.set(Duration.ZERO, () -> rung.add("too late"));
    callOff.run();

    assertThat(rung).isEmpty();
  }
}
