package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.ringlogs.NoteLogs.PATIENCE;
import static org.hearth.ringlogs.NoteLogs.at;
import static org.hearth.ringlogs.NoteLogs.numbers;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.hearth.ringlogs.WiringDescription.Arrow;
import org.hearth.ringlogs.WiringDescription.Node;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What readers of an output log are told, in which order, and from where.
@Timeout(120)
class OutputLogTest {
  private final NoteLogs logs = new NoteLogs();
  private final CountDownLatch gate = new CountDownLatch(1);
  private final CountDownLatch entered = new CountDownLatch(1);

  @AfterEach
  void stop() throws InterruptedException {
    gate.countDown();
    logs.stop();
  }

  private void waitAtGate() {
    entered.countDown();
    try {
      assertThat(gate.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void tellsEveryReaderEveryEntryInOrder() throws InterruptedException {
    OutputLog<Note> log = logs.open(64);
    NoteReader one = new NoteReader("One");
    NoteReader two = new NoteReader("Two");
    log.register(one);
    log.register(two);
    log.start(LogPosition.ORIGIN);

    for (long i = 1; i <= 1_000; i++) {
      logs.commitAndPublish(log, i, "a");
    }

    assertThat(log.awaitReader("One", at(1_000), PATIENCE)).isTrue();
    assertThat(log.awaitReader("Two", at(1_000), PATIENCE)).isTrue();
    assertThat(one.numbers()).isEqualTo(numbers(1, 1_000));
    assertThat(two.numbers()).isEqualTo(numbers(1, 1_000));
    assertThat(log.head()).isEqualTo(at(1_000));
  }

  @Test
  void publishesTheEntriesOfOneCommitTogetherEvenMoreThanTheRingHolds()
      throws InterruptedException {
    OutputLog<Note> log = logs.open(4);
    NoteReader reader = new NoteReader("One");
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    log.publish(
        LongStream.rangeClosed(1, 30)
            .mapToObj(i -> logs.store().commit(at(i), new Note("a", i)))
            .toList());

    assertThat(log.awaitReader("One", at(30), PATIENCE)).isTrue();
    assertThat(reader.numbers()).isEqualTo(numbers(1, 30));
  }

  @Test
  void seesPositionsWithHolesBecauseOtherLogsShareTheCounter() throws InterruptedException {
    OutputLog<Note> log = logs.open(4);
    NoteReader reader = new NoteReader("One");
    log.register(reader);
    log.start(at(10));

    logs.commitAndPublish(log, 13, "a");
    logs.commitAndPublish(log, 20, "a");

    assertThat(log.awaitReader("One", at(25), PATIENCE)).isTrue();
    assertThat(reader.numbers()).containsExactly(13L, 20L);
    assertThatThrownBy(() -> log.publish(at(20), new Note("a", 20)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is at 20");
  }

  @Test
  void letsASlowReaderReadFromTheStoreAndNeverWaitsForIt() throws InterruptedException {
    OutputLog<Note> log = logs.open(8);
    NoteReader slow =
        new NoteReader(
            "Slow",
            LogPosition.ORIGIN,
            each -> {
              if (each.entry().number() == 1) {
                waitAtGate();
              }
            });
    log.register(slow);
    log.start(LogPosition.ORIGIN);
    logs.commitAndPublish(log, 1, "a");
    entered.await();

    for (long i = 2; i <= 1_000; i++) {
      logs.commitAndPublish(log, i, "a");
    }
    LogFigures full = log.figures();
    gate.countDown();

    assertThat(log.awaitReader("Slow", at(1_000), PATIENCE)).isTrue();
    assertThat(slow.numbers()).isEqualTo(numbers(1, 1_000));
    assertThat(full.fill()).isEqualTo(1.0);
    assertThat(full.consumers().getFirst().lag()).isEqualTo(1_000);
    ConsumerFigures figures = log.figures().consumers().getFirst();
    assertThat(figures.overruns()).isPositive();
    assertThat(figures.fromStore()).isGreaterThanOrEqualTo(990);
    assertThat(figures.consumed()).isEqualTo(1_000);
  }

  @Test
  void keepsNoMoreEntriesThanMayBeInMemoryAndLetsReadersFindTheOthersInTheStore()
      throws InterruptedException {
    int kept = 4;
    OutputLog<Note> log =
        new OutputLog<>(
            new LogSpec<>(
                "note-output",
                Note.class,
                64,
                Note::key,
                Note.CODEC,
                _ -> LogSpec.MOST_BYTES / kept),
            logs.store(),
            UnavailableException.handling(logs.letters()));
    NoteReader slow =
        new NoteReader(
            "Slow",
            LogPosition.ORIGIN,
            each -> {
              if (each.entry().number() == 1) {
                waitAtGate();
              }
            });
    log.register(slow);
    log.start(LogPosition.ORIGIN);
    logs.commitAndPublish(log, 1, "a");
    entered.await();
    List<WeakReference<Note>> published = new ArrayList<>();

    for (long i = 2; i <= 200; i++) {
      Note note = new Note("a", i);
      published.add(new WeakReference<>(note));
      log.publish(at(i), note);
      logs.store().commit(at(i), new Note("a", i));
    }
    System.gc();

    assertThat(published.stream().filter(each -> each.get() != null).count()).isEqualTo(kept);
    gate.countDown();
    assertThat(log.awaitReader("Slow", at(200), PATIENCE)).isTrue();
    assertThat(slow.numbers()).isEqualTo(numbers(1, 200));
    assertThat(log.figures().consumers().getFirst().overruns()).isPositive();
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void keepsTheNewestEntryHoweverLargeItIs() throws InterruptedException {
    OutputLog<Note> log =
        new OutputLog<>(
            new LogSpec<>(
                "note-output", Note.class, 4, Note::key, Note.CODEC, _ -> Long.MAX_VALUE / 8),
            logs.store(),
            UnavailableException.handling(logs.letters()));
    NoteReader reader = new NoteReader("One");
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    for (long i = 1; i <= 20; i++) {
      logs.commitAndPublish(log, i, "a");
    }

    assertThat(log.awaitReader("One", at(20), PATIENCE)).isTrue();
    assertThat(reader.numbers()).isEqualTo(numbers(1, 20));
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void replaysFromTheStoreWhatWasWrittenBeforeTheStart() throws InterruptedException {
    for (long i = 1; i <= 700; i++) {
      logs.store().commit(at(i), new Note("a", i));
    }
    OutputLog<Note> log = logs.open(16);
    NoteReader rebuilt = new NoteReader("Rebuilt");
    NoteReader behind = new NoteReader("Behind", at(650), _ -> {});
    NoteReader current = new NoteReader("Current", at(700), _ -> {});
    log.register(rebuilt);
    log.register(behind);
    log.register(current);
    log.start(at(700));

    logs.commitAndPublish(log, 701, "a");

    for (String reader : List.of("Rebuilt", "Behind", "Current")) {
      assertThat(log.awaitReader(reader, at(701), PATIENCE)).isTrue();
    }
    assertThat(rebuilt.numbers()).isEqualTo(numbers(1, 701));
    assertThat(behind.numbers()).isEqualTo(numbers(651, 701));
    assertThat(current.numbers()).containsExactly(701L);
  }

  @Test
  void waitsForAStoreThatCannotBeReadNow() throws InterruptedException {
    for (long i = 1; i <= 3; i++) {
      logs.store().commit(at(i), new Note("a", i));
    }
    logs.store().failNextReads(4);
    OutputLog<Note> log = logs.open(16);
    NoteReader reader = new NoteReader("One");
    log.register(reader);

    log.start(at(3));

    assertThat(log.awaitReader("One", at(3), PATIENCE)).isTrue();
    assertThat(reader.numbers()).containsExactly(1L, 2L, 3L);
    assertThat(log.figures().consumers().getFirst().failures()).isEqualTo(4);
    assertThat(log.figures().consumers().getFirst().lastFailure()).contains("not now");
  }

  @Test
  void refusesAReaderWhoseDataIsOfAnotherHistory() {
    OutputLog<Note> log = logs.open(16);
    log.register(new NoteReader("Ahead", at(120), _ -> {}));

    assertThatThrownBy(() -> log.start(at(100)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Ahead")
        .hasMessageContaining("120")
        .hasMessageContaining("100");
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 64, 1024})
  void neverTellsAReaderBeforeThoseItComesAfter(int capacity) throws InterruptedException {
    long before = 3_000;
    long count = 20_000;
    for (long i = 1; i <= before; i++) {
      logs.store().commit(at(i), new Note("a", i));
    }
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(capacity);
    List<String> violations = new CopyOnWriteArrayList<>();
    NoteReader first =
        new NoteReader(
            "Counts",
            at(100),
            _ -> {
              // Now and then slow, so that it is overrun and those behind it wait for its reading
              // of the logs.store().
              if (random.nextInt(2_000) == 0) {
                for (int i = 0; i < 100_000; i++) {
                  Thread.onSpinWait();
                }
              }
            });
    AtomicInteger seenBySecond = new AtomicInteger();
    NoteReader second =
        new NoteReader(
            "ClientSync",
            LogPosition.ORIGIN,
            each -> {
              if (each.position().isAfter(first.position())) {
                violations.add("ClientSync saw " + each + " before Counts");
              }
              seenBySecond.incrementAndGet();
            });
    NoteReader third =
        new NoteReader(
            "Bridges",
            at(50),
            each -> {
              if (each.position().isAfter(second.position())) {
                violations.add("Bridges saw " + each + " before ClientSync");
              }
            });
    OutputLog<Note> log = logs.open(capacity);
    log.register(first);
    log.register(second, "Counts");
    log.register(third, "Counts", "ClientSync");
    log.start(at(before));

    for (long i = before + 1; i <= before + count; i++) {
      logs.commitAndPublish(log, i, "a");
    }

    assertThat(log.awaitReader("Bridges", at(before + count), PATIENCE)).isTrue();
    assertThat(violations).isEmpty();
    assertThat(first.numbers()).isEqualTo(numbers(101, before + count));
    assertThat(second.numbers()).isEqualTo(numbers(1, before + count));
    assertThat(third.numbers()).isEqualTo(numbers(51, before + count));
  }

  @Test
  void handlesWhatWasPublishedBeforeItStops() throws InterruptedException {
    OutputLog<Note> log = logs.open(1024);
    NoteReader reader = new NoteReader("One");
    NoteReader after = new NoteReader("Two");
    log.register(reader);
    log.register(after, "One");
    log.start(LogPosition.ORIGIN);
    for (long i = 1; i <= 500; i++) {
      logs.commitAndPublish(log, i, "a");
    }

    assertThat(log.drainAndStop(PATIENCE)).isTrue();

    assertThat(reader.numbers()).isEqualTo(numbers(1, 500));
    assertThat(after.numbers()).isEqualTo(numbers(1, 500));
    assertThatThrownBy(() -> logs.commitAndPublish(log, 501, "a"))
        .isInstanceOf(LogStoppedException.class);
    assertThatThrownBy(() -> log.release("One", "a", false).await(PATIENCE))
        .isInstanceOf(LogStoppedException.class);
  }

  @Test
  void stopsWhileAReaderWaitsForItsStore() throws InterruptedException {
    logs.store().commit(at(1), new Note("a", 1));
    logs.store().failNextReads(Integer.MAX_VALUE);
    OutputLog<Note> log = logs.open(4);
    NoteReader reader = new NoteReader("One");
    log.register(reader);
    log.start(at(1));

    assertThat(log.drainAndStop(Duration.ofMillis(5))).isFalse();

    assertThat(reader.numbers()).isEmpty();
  }

  @Test
  void describesItsReadersAndTheirOrder() {
    OutputLog<Note> log = logs.open(4);
    log.register(new NoteReader("Counts"));
    log.register(new NoteReader("ClientSync"), "Counts");

    WiringDescription description = log.description();

    assertThat(description.nodes())
        .containsExactly(
            new Node("note-output", Node.Kind.OUTPUT_LOG),
            new Node("Counts", Node.Kind.READER),
            new Node("ClientSync", Node.Kind.READER));
    assertThat(description.from("note-output")).hasSize(2);
    assertThat(description.to("ClientSync"))
        .contains(new Arrow("Counts", "ClientSync", Arrow.Kind.BEFORE));
    assertThatThrownBy(() -> log.register(new NoteReader("Counts")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> log.register(new NoteReader("Other"), "Nobody"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Nobody");
  }
}
