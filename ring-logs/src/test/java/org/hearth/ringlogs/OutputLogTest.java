package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;
import org.hearth.ringlogs.DeadLetter.Reason;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class OutputLogTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final NoteStore store = new NoteStore();
  private final DeadLetters letters = DeadLetters.inMemory();
  private final List<OutputLog<Note>> opened = new ArrayList<>();
  private final CountDownLatch gate = new CountDownLatch(1);
  private final CountDownLatch entered = new CountDownLatch(1);

  private OutputLog<Note> log(int capacity) {
    OutputLog<Note> log =
        new OutputLog<>(
            Note.log("note-output", capacity), store, UnavailableException.handling(letters));
    opened.add(log);
    return log;
  }

  @AfterEach
  void stop() throws InterruptedException {
    gate.countDown();
    for (OutputLog<Note> log : opened) {
      log.drainAndStop(Duration.ofSeconds(2));
    }
  }

  private void waitAtGate() {
    entered.countDown();
    try {
      assertThat(gate.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static LogPosition at(long position) {
    return new LogPosition(position);
  }

  private void commitAndPublish(OutputLog<Note> log, long position, String key) {
    Positioned<Note> note = store.commit(at(position), new Note(key, position));
    log.publish(note.position(), note.entry());
  }

  private static List<Long> numbers(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  @Test
  void tellsEveryReaderEveryEntryInOrder() throws InterruptedException {
    OutputLog<Note> log = log(64);
    NoteReader one = new NoteReader("One");
    NoteReader two = new NoteReader("Two");
    log.register(one);
    log.register(two);
    log.start(LogPosition.ORIGIN);

    for (long i = 1; i <= 1_000; i++) {
      commitAndPublish(log, i, "a");
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
    OutputLog<Note> log = log(4);
    NoteReader reader = new NoteReader("One");
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    log.publish(
        LongStream.rangeClosed(1, 30)
            .mapToObj(i -> store.commit(at(i), new Note("a", i)))
            .toList());

    assertThat(log.awaitReader("One", at(30), PATIENCE)).isTrue();
    assertThat(reader.numbers()).isEqualTo(numbers(1, 30));
  }

  @Test
  void seesPositionsWithHolesBecauseOtherLogsShareTheCounter() throws InterruptedException {
    OutputLog<Note> log = log(4);
    NoteReader reader = new NoteReader("One");
    log.register(reader);
    log.start(at(10));

    commitAndPublish(log, 13, "a");
    commitAndPublish(log, 20, "a");

    assertThat(log.awaitReader("One", at(25), PATIENCE)).isTrue();
    assertThat(reader.numbers()).containsExactly(13L, 20L);
    assertThatThrownBy(() -> log.publish(at(20), new Note("a", 20)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is at 20");
  }

  @Test
  void letsASlowReaderReadFromTheStoreAndNeverWaitsForIt() throws InterruptedException {
    OutputLog<Note> log = log(8);
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
    commitAndPublish(log, 1, "a");
    entered.await();

    for (long i = 2; i <= 1_000; i++) {
      commitAndPublish(log, i, "a");
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
  void replaysFromTheStoreWhatWasWrittenBeforeTheStart() throws InterruptedException {
    for (long i = 1; i <= 700; i++) {
      store.commit(at(i), new Note("a", i));
    }
    OutputLog<Note> log = log(16);
    NoteReader rebuilt = new NoteReader("Rebuilt");
    NoteReader behind = new NoteReader("Behind", at(650), _ -> {});
    NoteReader current = new NoteReader("Current", at(700), _ -> {});
    log.register(rebuilt);
    log.register(behind);
    log.register(current);
    log.start(at(700));

    commitAndPublish(log, 701, "a");

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
      store.commit(at(i), new Note("a", i));
    }
    store.failNextReads(4);
    OutputLog<Note> log = log(16);
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
    OutputLog<Note> log = log(16);
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
      store.commit(at(i), new Note("a", i));
    }
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(capacity);
    List<String> violations = new CopyOnWriteArrayList<>();
    NoteReader first =
        new NoteReader(
            "Counts",
            at(100),
            _ -> {
              // Now and then slow, so that it is overrun and those behind it wait for its reading
              // of the store.
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
    OutputLog<Note> log = log(capacity);
    log.register(first);
    log.register(second, "Counts");
    log.register(third, "Counts", "ClientSync");
    log.start(at(before));

    for (long i = before + 1; i <= before + count; i++) {
      commitAndPublish(log, i, "a");
    }

    assertThat(log.awaitReader("Bridges", at(before + count), PATIENCE)).isTrue();
    assertThat(violations).isEmpty();
    assertThat(first.numbers()).isEqualTo(numbers(101, before + count));
    assertThat(second.numbers()).isEqualTo(numbers(1, before + count));
    assertThat(third.numbers()).isEqualTo(numbers(51, before + count));
  }

  @Test
  void retriesThenParksTheKeyOfAnEntryWhileOtherKeysGoOnAndReleasesInOrder()
      throws InterruptedException {
    AtomicBoolean broken = new AtomicBoolean(true);
    NoteReader reader =
        new NoteReader(
            "One",
            LogPosition.ORIGIN,
            each -> {
              if (broken.get() && each.entry().number() == 3) {
                throw new IllegalStateException("cannot digest 3");
              }
            });
    OutputLog<Note> log = log(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    for (long i = 1; i <= 10; i++) {
      commitAndPublish(log, i, i % 3 == 0 ? "bad" : "good");
    }
    assertThat(log.awaitReader("One", at(10), PATIENCE)).isTrue();

    assertThat(reader.numbers()).containsExactly(1L, 2L, 4L, 5L, 7L, 8L, 10L);
    assertThat(letters.of("note-output", "One", "bad"))
        .extracting(DeadLetter::position, DeadLetter::reason)
        .containsExactly(
            tuple(at(3), Reason.FAILED),
            tuple(at(6), Reason.HELD_BACK),
            tuple(at(9), Reason.HELD_BACK));
    assertThat(letters.all().getFirst().failure()).contains("cannot digest 3");
    ReleaseResult still = log.release("One", "bad").await(PATIENCE);
    assertThat(still).isEqualTo(new ReleaseResult("bad", 0, 0, 3));

    broken.set(false);
    ReleaseResult mended = log.release("One", "bad").await(PATIENCE);
    commitAndPublish(log, 12, "bad");

    assertThat(mended).isEqualTo(new ReleaseResult("bad", 3, 0, 0));
    assertThat(log.awaitReader("One", at(12), PATIENCE)).isTrue();
    assertThat(reader.numbers()).containsExactly(1L, 2L, 4L, 5L, 7L, 8L, 10L, 3L, 6L, 9L, 12L);
    assertThat(reader.position()).isEqualTo(at(12));
    assertThat(letters.all()).isEmpty();
  }

  @Test
  void discardsTheFailedEntryAndGivesThoseBehindIt() throws InterruptedException {
    NoteReader reader =
        new NoteReader(
            "One",
            LogPosition.ORIGIN,
            each -> {
              if (each.entry().number() == 1) {
                throw new IllegalStateException("never");
              }
            });
    OutputLog<Note> log = log(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);
    commitAndPublish(log, 1, "bad");
    commitAndPublish(log, 2, "bad");
    assertThat(log.awaitReader("One", at(2), PATIENCE)).isTrue();
    assertThat(reader.numbers()).isEmpty();

    ReleaseResult result = log.discard("One", "bad").await(PATIENCE);

    assertThat(result).isEqualTo(new ReleaseResult("bad", 1, 1, 0));
    assertThat(reader.numbers()).containsExactly(2L);
  }

  @Test
  void remembersParkedKeysOverARestart() throws InterruptedException {
    AtomicBoolean broken = new AtomicBoolean(true);
    Consumer<Positioned<Note>> digest =
        each -> {
          if (broken.get() && each.entry().key().equals("bad")) {
            throw new IllegalStateException("cannot digest " + each.entry().number());
          }
        };
    OutputLog<Note> first = log(16);
    NoteReader reader = new NoteReader("One", LogPosition.ORIGIN, digest);
    first.register(reader);
    first.start(LogPosition.ORIGIN);
    commitAndPublish(first, 1, "bad");
    commitAndPublish(first, 2, "bad");
    assertThat(first.drainAndStop(PATIENCE)).isTrue();
    assertThat(reader.position()).isEqualTo(LogPosition.ORIGIN);

    broken.set(false);
    OutputLog<Note> second = log(16);
    NoteReader again = new NoteReader("One", reader.position(), digest);
    second.register(again);
    second.start(at(2));
    commitAndPublish(second, 3, "bad");
    commitAndPublish(second, 4, "good");

    assertThat(second.awaitReader("One", at(4), PATIENCE)).isTrue();
    assertThat(again.numbers()).containsExactly(4L);
    assertThat(letters.of("note-output", "One", "bad"))
        .extracting(DeadLetter::reason)
        .containsExactly(Reason.FAILED, Reason.HELD_BACK, Reason.HELD_BACK);
    assertThat(second.release("One", "bad").await(PATIENCE).isOpen()).isTrue();
    assertThat(again.numbers()).containsExactly(4L, 1L, 2L, 3L);
  }

  @Test
  void waitsWithAReaderWhoseDiskIsFullAndParksNothing() throws InterruptedException {
    AtomicInteger failures = new AtomicInteger(5);
    NoteReader reader =
        new NoteReader(
            "One",
            LogPosition.ORIGIN,
            _ -> {
              if (failures.getAndDecrement() > 0) {
                throw new UnavailableException();
              }
            });
    OutputLog<Note> log = log(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    for (long i = 1; i <= 5; i++) {
      commitAndPublish(log, i, "a");
    }

    assertThat(log.awaitReader("One", at(5), PATIENCE)).isTrue();
    assertThat(reader.numbers()).isEqualTo(numbers(1, 5));
    assertThat(letters.all()).isEmpty();
    assertThat(log.figures().consumers().getFirst().failures()).isEqualTo(5);
  }

  @Test
  void waitsUntilTheDeadLettersCanBeKept() throws InterruptedException {
    AtomicInteger failures = new AtomicInteger(3);
    DeadLetters failing = new FailingLetters(letters, failures);
    OutputLog<Note> log =
        new OutputLog<>(Note.log("note-output", 16), store, UnavailableException.handling(failing));
    opened.add(log);
    NoteReader reader =
        new NoteReader(
            "One",
            LogPosition.ORIGIN,
            each -> {
              if (each.entry().number() == 1) {
                throw new IllegalStateException("never");
              }
            });
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    commitAndPublish(log, 1, "bad");
    commitAndPublish(log, 2, "good");

    assertThat(log.awaitReader("One", at(2), PATIENCE)).isTrue();
    assertThat(failures).hasNegativeValue();
    assertThat(letters.all()).extracting(DeadLetter::position).containsExactly(at(1));
    assertThat(reader.numbers()).containsExactly(2L);
  }

  private record FailingLetters(DeadLetters letters, AtomicInteger failures)
      implements DeadLetters {
    @Override
    public void park(DeadLetter letter) {
      if (failures.getAndDecrement() > 0) {
        throw new UnavailableException();
      }
      letters.park(letter);
    }

    @Override
    public void remove(DeadLetter letter) {
      letters.remove(letter);
    }

    @Override
    public List<DeadLetter> of(String log, String consumer) {
      return letters.of(log, consumer);
    }

    @Override
    public List<DeadLetter> of(String log, String consumer, String partitionKey) {
      return letters.of(log, consumer, partitionKey);
    }

    @Override
    public List<DeadLetter> all() {
      return letters.all();
    }
  }

  @Test
  void parksAnEntryThatItsCodecCannotEncodeAsText() throws InterruptedException {
    LogSpec<String> spec =
        new LogSpec<>(
            "text-output",
            String.class,
            4,
            text -> text,
            new EntryCodec<>() {
              @Override
              public int version() {
                return 1;
              }

              @Override
              public byte[] encode(String entry) {
                throw new IllegalStateException("no codec for this");
              }

              @Override
              public String decode(int version, byte[] bytes) {
                throw new IllegalArgumentException("nor back");
              }
            });
    OutputLog<String> log =
        new OutputLog<>(spec, (_, _, _) -> List.of(), UnavailableException.handling(letters));
    log.register(
        new LogReader<>() {
          @Override
          public String name() {
            return "One";
          }

          @Override
          public LogPosition position() {
            return LogPosition.ORIGIN;
          }

          @Override
          public void onBatch(List<Positioned<String>> batch) {
            throw new IllegalStateException("never");
          }
        });
    log.start(LogPosition.ORIGIN);

    log.publish(at(1), "what it was");

    assertThat(log.awaitReader("One", at(1), PATIENCE)).isTrue();
    DeadLetter letter = letters.all().getFirst();
    assertThat(letter.entry().version()).isEqualTo(EncodedEntry.TEXT);
    assertThat(new String(letter.entry().bytes(), StandardCharsets.UTF_8)).isEqualTo("what it was");
    assertThat(letter.failure()).contains("never").contains("no codec for this");
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void doesNotGiveAgainWhatAReaderKeptBeforeItThrew() throws InterruptedException {
    List<Long> told = new CopyOnWriteArrayList<>();
    LogReader<Note> reader =
        new LogReader<>() {
          private volatile LogPosition position = LogPosition.ORIGIN;

          @Override
          public String name() {
            return "Halfway";
          }

          @Override
          public LogPosition position() {
            return position;
          }

          @Override
          public void onBatch(List<Positioned<Note>> batch) {
            for (Positioned<Note> each : batch) {
              told.add(each.entry().number());
              position = each.position();
              if (each.entry().number() == 2) {
                throw new IllegalStateException("after it was kept");
              }
            }
          }
        };
    OutputLog<Note> log = log(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);
    log.publish(
        LongStream.rangeClosed(1, 4).mapToObj(i -> store.commit(at(i), new Note("a", i))).toList());

    assertThat(log.awaitReader("Halfway", at(4), PATIENCE)).isTrue();
    assertThat(told).containsExactly(1L, 2L, 3L, 4L);
    assertThat(letters.all()).isEmpty();
  }

  @Test
  void handlesWhatWasPublishedBeforeItStops() throws InterruptedException {
    OutputLog<Note> log = log(1024);
    NoteReader reader = new NoteReader("One");
    NoteReader after = new NoteReader("Two");
    log.register(reader);
    log.register(after, "One");
    log.start(LogPosition.ORIGIN);
    for (long i = 1; i <= 500; i++) {
      commitAndPublish(log, i, "a");
    }

    assertThat(log.drainAndStop(PATIENCE)).isTrue();

    assertThat(reader.numbers()).isEqualTo(numbers(1, 500));
    assertThat(after.numbers()).isEqualTo(numbers(1, 500));
    assertThatThrownBy(() -> commitAndPublish(log, 501, "a"))
        .isInstanceOf(LogStoppedException.class);
    assertThatThrownBy(() -> log.release("One", "a").await(PATIENCE))
        .isInstanceOf(LogStoppedException.class);
  }

  @Test
  void stopsWhileAReaderWaitsForItsStore() throws InterruptedException {
    store.commit(at(1), new Note("a", 1));
    store.failNextReads(Integer.MAX_VALUE);
    OutputLog<Note> log = log(4);
    NoteReader reader = new NoteReader("One");
    log.register(reader);
    log.start(at(1));

    assertThat(log.drainAndStop(Duration.ofMillis(5))).isFalse();

    assertThat(reader.numbers()).isEmpty();
  }

  @Test
  void describesItsReadersAndTheirOrder() {
    OutputLog<Note> log = log(4);
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
