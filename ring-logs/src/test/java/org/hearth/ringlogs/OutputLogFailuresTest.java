package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.hearth.ringlogs.NoteLogs.PATIENCE;
import static org.hearth.ringlogs.NoteLogs.at;
import static org.hearth.ringlogs.NoteLogs.numbers;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.hearth.ringlogs.DeadLetter.Reason;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What becomes of entries that a reader of an output log throws on.
@Timeout(120)
class OutputLogFailuresTest {
  private final NoteLogs logs = new NoteLogs();

  @AfterEach
  void stop() throws InterruptedException {
    logs.stop();
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
    OutputLog<Note> log = logs.open(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    for (long i = 1; i <= 10; i++) {
      logs.commitAndPublish(log, i, i % 3 == 0 ? "bad" : "good");
    }
    assertThat(log.awaitReader("One", at(10), PATIENCE)).isTrue();

    assertThat(reader.numbers()).containsExactly(1L, 2L, 4L, 5L, 7L, 8L, 10L);
    assertThat(logs.letters().of("note-output", "One", "bad"))
        .extracting(DeadLetter.Label::position, DeadLetter.Label::reason)
        .containsExactly(
            tuple(at(3), Reason.FAILED),
            tuple(at(6), Reason.HELD_BACK),
            tuple(at(9), Reason.HELD_BACK));
    assertThat(logs.letters().all().getFirst().failure()).contains("cannot digest 3");
    ReleaseResult still = log.release("One", "bad", false).await(PATIENCE);
    assertThat(still).isEqualTo(new ReleaseResult("bad", 0, 0, 3));

    broken.set(false);
    ReleaseResult mended = log.release("One", "bad", false).await(PATIENCE);
    logs.commitAndPublish(log, 12, "bad");

    assertThat(mended).isEqualTo(new ReleaseResult("bad", 3, 0, 0));
    assertThat(log.awaitReader("One", at(12), PATIENCE)).isTrue();
    assertThat(reader.numbers()).containsExactly(1L, 2L, 4L, 5L, 7L, 8L, 10L, 3L, 6L, 9L, 12L);
    assertThat(reader.position()).isEqualTo(at(12));
    assertThat(logs.letters().all()).isEmpty();
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
    OutputLog<Note> log = logs.open(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);
    logs.commitAndPublish(log, 1, "bad");
    logs.commitAndPublish(log, 2, "bad");
    assertThat(log.awaitReader("One", at(2), PATIENCE)).isTrue();
    assertThat(reader.numbers()).isEmpty();

    ReleaseResult result = log.release("One", "bad", true).await(PATIENCE);

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
    OutputLog<Note> first = logs.open(16);
    NoteReader reader = new NoteReader("One", LogPosition.ORIGIN, digest);
    first.register(reader);
    first.start(LogPosition.ORIGIN);
    logs.commitAndPublish(first, 1, "bad");
    logs.commitAndPublish(first, 2, "bad");
    assertThat(first.drainAndStop(PATIENCE)).isTrue();
    assertThat(reader.position()).isEqualTo(LogPosition.ORIGIN);

    broken.set(false);
    OutputLog<Note> second = logs.open(16);
    NoteReader again = new NoteReader("One", reader.position(), digest);
    second.register(again);
    second.start(at(2));
    logs.commitAndPublish(second, 3, "bad");
    logs.commitAndPublish(second, 4, "good");

    assertThat(second.awaitReader("One", at(4), PATIENCE)).isTrue();
    assertThat(again.numbers()).containsExactly(4L);
    assertThat(logs.letters().of("note-output", "One", "bad"))
        .extracting(DeadLetter.Label::reason)
        .containsExactly(Reason.FAILED, Reason.HELD_BACK, Reason.HELD_BACK);
    assertThat(second.release("One", "bad", false).await(PATIENCE).isOpen()).isTrue();
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
    OutputLog<Note> log = logs.open(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    for (long i = 1; i <= 5; i++) {
      logs.commitAndPublish(log, i, "a");
    }

    assertThat(log.awaitReader("One", at(5), PATIENCE)).isTrue();
    assertThat(reader.numbers()).isEqualTo(numbers(1, 5));
    assertThat(logs.letters().all()).isEmpty();
    assertThat(log.figures().consumers().getFirst().failures()).isEqualTo(5);
  }

  @Test
  void waitsUntilTheDeadLettersCanBeKept() throws InterruptedException {
    AtomicInteger failures = new AtomicInteger(3);
    DeadLetters failing = new FailingLetters(logs.letters(), failures);
    OutputLog<Note> log = logs.open(16, failing);
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

    logs.commitAndPublish(log, 1, "bad");
    logs.commitAndPublish(log, 2, "good");

    assertThat(log.awaitReader("One", at(2), PATIENCE)).isTrue();
    assertThat(failures).hasNegativeValue();
    assertThat(logs.letters().all()).extracting(DeadLetter::position).containsExactly(at(1));
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
    public void remove(DeadLetter.Label letter) {
      letters.remove(letter);
    }

    @Override
    public List<DeadLetter.Label> of(String log, String consumer) {
      return letters.of(log, consumer);
    }

    @Override
    public List<DeadLetter.Label> of(String log, String consumer, String partitionKey) {
      return letters.of(log, consumer, partitionKey);
    }

    @Override
    public DeadLetter read(DeadLetter.Label letter) {
      return letters.read(letter);
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
        new OutputLog<>(
            spec, (_, _, _) -> List.of(), UnavailableException.handling(logs.letters()));
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
    DeadLetter letter = logs.letters().all().getFirst();
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
    OutputLog<Note> log = logs.open(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);
    log.publish(
        LongStream.rangeClosed(1, 4)
            .mapToObj(i -> logs.store().commit(at(i), new Note("a", i)))
            .toList());

    assertThat(log.awaitReader("Halfway", at(4), PATIENCE)).isTrue();
    assertThat(told).containsExactly(1L, 2L, 3L, 4L);
    assertThat(logs.letters().all()).isEmpty();
  }
}
