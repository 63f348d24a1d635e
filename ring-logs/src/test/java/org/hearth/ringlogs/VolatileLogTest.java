package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class VolatileLogTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long EPOCH = 1_767_323_045_000L;

  private static VolatileLog<Note> log(int capacity) {
    return new VolatileLog<>(
        Note.log("typing-output", capacity),
        EPOCH,
        UnavailableException.handling(DeadLetters.inMemory()));
  }

  @Test
  void countsFromOneWithTheEpochOfTheRun() throws InterruptedException {
    VolatileLog<Note> log = log(8);
    NoteReader reader = new NoteReader("One");
    log.register(reader);
    log.start();
    assertThat(log.head()).isEqualTo(new VolatilePosition(EPOCH, LogPosition.ORIGIN));

    VolatilePosition first = log.publish(new Note("a", 1));
    VolatilePosition second = log.publish(new Note("a", 2));

    assertThat(first).isEqualTo(new VolatilePosition(EPOCH, new LogPosition(1)));
    assertThat(second).isEqualTo(log.head());
    assertThat(log.awaitReader("One", second.position(), PATIENCE)).isTrue();
    assertThat(reader.numbers()).containsExactly(1L, 2L);
    assertThat(log.position("One")).isEqualTo(new LogPosition(2));
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void tellsASlowReaderWhatIsLostAndGoesOnBehindIt() throws InterruptedException {
    CountDownLatch gate = new CountDownLatch(1);
    CountDownLatch entered = new CountDownLatch(1);
    NoteReader reader =
        new NoteReader(
            "Slow",
            LogPosition.ORIGIN,
            each -> {
              if (each.entry().number() == 1) {
                entered.countDown();
                try {
                  gate.await();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }
            });
    VolatileLog<Note> log = log(4);
    log.register(reader);
    log.start();
    log.publish(new Note("a", 1));
    entered.await();

    LongStream.rangeClosed(2, 100).forEach(i -> log.publish(new Note("a", i)));
    gate.countDown();
    assertThat(log.awaitReader("Slow", new LogPosition(100), PATIENCE)).isTrue();
    log.publish(new Note("a", 101));

    assertThat(log.awaitReader("Slow", new LogPosition(101), PATIENCE)).isTrue();
    assertThat(reader.numbers()).containsExactly(1L, 101L);
    assertThat(reader.lost()).containsExactly(new LogPosition(1), new LogPosition(100));
    assertThat(log.figures().consumers().getFirst().lost()).isEqualTo(99);
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
  }
}
