package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.hearth.ringlogs.NoteLogs.PATIENCE;
import static org.hearth.ringlogs.NoteLogs.at;
import static org.hearth.ringlogs.NoteLogs.numbers;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.hearth.ringlogs.DeadLetter.Reason;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The bounds of what is parked, and letters that cannot be kept.
@Timeout(60)
class ParkedKeysTest {
  private final NoteLogs logs = new NoteLogs();
  private final AtomicBoolean broken = new AtomicBoolean(true);

  @AfterEach
  void stop() throws InterruptedException {
    logs.stop();
  }

  private NoteReader reader(LogPosition position) {
    return new NoteReader(
        "One",
        position,
        each -> {
          if (broken.get() && each.entry().key().startsWith("bad")) {
            throw new IllegalStateException("cannot digest");
          }
        });
  }

  private OutputLog<Note> follow(NoteReader reader, DeadLetters letters, long head) {
    OutputLog<Note> log = logs.open(16, letters);
    log.register(reader);
    log.start(at(head));
    return log;
  }

  private void publish(OutputLog<Note> log, long from, long to, String key) {
    for (long i = from; i <= to; i++) {
      logs.commitAndPublish(log, i, key);
    }
  }

  /// Letters that refuse some for good.
  private record Refusing(DeadLetters letters, Predicate<DeadLetter> refused)
      implements DeadLetters {
    @Override
    public void park(DeadLetter letter) {
      if (refused.test(letter)) {
        throw new IllegalArgumentException("too large for the column");
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

  private static boolean isWhole(DeadLetter letter) {
    return letter.entry().version() != EncodedEntry.TEXT;
  }

  @Test
  void tellsWhatIsParkedAndWhatAReleaseHasLeft() throws InterruptedException {
    OutputLog<Note> log = follow(reader(LogPosition.ORIGIN), logs.letters(), 0);
    assertThat(log.parked()).isEmpty();
    publish(log, 1, 3, "bad");
    publish(log, 4, 4, "good");
    assertThat(log.awaitReader("One", at(4), PATIENCE)).isTrue();

    assertThat(log.parked())
        .singleElement()
        .satisfies(each -> {
          assertThat(each.log()).isEqualTo("note-output");
          assertThat(each.consumer()).isEqualTo("One");
          assertThat(each.partitionKey()).isEqualTo("bad");
          assertThat(each.letters()).isEqualTo(3);
          assertThat(each.failure()).contains("cannot digest");
          assertThat(each.parkedAt()).isEqualTo(logs.letters().all().getFirst().parkedAt());
        });
    OutputLog<Note> restarted = follow(reader(at(4)), logs.letters(), 4);
    assertThat(restarted.parked()).isEqualTo(log.parked());

    log.release("One", "bad", true).await(PATIENCE);
    assertThat(log.parked()).extracting(ParkedKey::letters).containsExactly(2);
    broken.set(false);
    log.release("One", "bad", false).await(PATIENCE);
    assertThat(log.parked()).isEmpty();
  }

  @Test
  void shortensALetterThatIsRefusedForGoodAndReadsTheEntryFromTheStoreLater()
      throws InterruptedException {
    NoteReader reader = reader(LogPosition.ORIGIN);
    OutputLog<Note> log = follow(reader, new Refusing(logs.letters(), ParkedKeysTest::isWhole), 0);

    publish(log, 1, 1, "bad" + "x".repeat(5_000));
    publish(log, 2, 2, "good");

    assertThat(log.awaitReader("One", at(2), PATIENCE)).isTrue();
    assertThat(reader.numbers()).containsExactly(2L);
    DeadLetter letter = logs.letters().all().getFirst();
    assertThat(new String(letter.entry().bytes(), StandardCharsets.UTF_8))
        .startsWith("Note[key=badxxx")
        .contains("4,000 of 5,02")
        .contains("bytes encoded");
    assertThat(letter.failure()).contains("cannot digest").contains("too large for the column");
    broken.set(false);
    assertThat(log.release("One", letter.partitionKey(), false).await(PATIENCE).isOpen()).isTrue();
    assertThat(reader.numbers()).containsExactly(2L, 1L);
  }

  @Test
  void releaseThatIsHaltedLeavesTheLetterAsItIs() throws InterruptedException {
    NoteReader reader = reader(LogPosition.ORIGIN);
    OutputLog<Note> log = follow(reader, new Refusing(logs.letters(), ParkedKeysTest::isWhole), 0);
    publish(log, 1, 1, "bad");
    assertThat(log.awaitReader("One", at(1), PATIENCE)).isTrue();
    DeadLetter letter = logs.letters().all().getFirst();
    logs.store().failNextReads(Integer.MAX_VALUE);
    broken.set(false);

    Reply<ReleaseResult> reply = log.release("One", "bad", false);
    log.drainAndStop(Duration.ofMillis(50));

    assertThatThrownBy(() -> reply.await(PATIENCE)).isInstanceOf(LogStoppedException.class);
    assertThat(logs.letters().all()).containsExactly(letter);
  }

  @Test
  void goesOnWithoutALetterWhenNoneIsKept() throws InterruptedException {
    NoteReader reader = reader(LogPosition.ORIGIN);
    AtomicBoolean refused = new AtomicBoolean(true);
    OutputLog<Note> log = follow(reader, new Refusing(logs.letters(), _ -> refused.get()), 0);

    publish(log, 1, 2, "bad");
    publish(log, 3, 3, "good");

    assertThat(log.awaitReader("One", at(3), PATIENCE)).isTrue();
    assertThat(reader.numbers()).containsExactly(3L);
    ConsumerFigures figures = log.figures().consumers().getFirst();
    assertThat(figures.parkedKeys()).containsExactly("bad");
    assertThat(figures.unkept()).isEqualTo(2);
    broken.set(false);
    Reply<ReleaseResult> early = log.release("One", "bad", false);
    assertThatThrownBy(() -> early.await(PATIENCE)).hasMessageContaining("bad at 1 is not handled");
    assertThat(log.figures().consumers().getFirst().parkedKeys()).containsExactly("bad");

    refused.set(false);
    assertThat(log.release("One", "bad", false).await(PATIENCE).isOpen()).isTrue();
    assertThat(reader.numbers()).containsExactly(3L, 1L, 2L);
    assertThat(logs.letters().all()).isEmpty();
  }

  @Test
  void anEntryWithoutALetterThatFailsAgainCanBeDiscarded() throws InterruptedException {
    NoteReader reader = reader(LogPosition.ORIGIN);
    AtomicBoolean refused = new AtomicBoolean(true);
    OutputLog<Note> log = follow(reader, new Refusing(logs.letters(), _ -> refused.get()), 0);
    publish(log, 1, 3, "bad");
    assertThat(log.awaitReader("One", at(3), PATIENCE)).isTrue();
    refused.set(false);

    assertThat(log.release("One", "bad", false).await(PATIENCE))
        .isEqualTo(new ReleaseResult("bad", 0, 0, 1));
    broken.set(false);
    assertThat(log.release("One", "bad", true).await(PATIENCE).isOpen()).isTrue();

    assertThat(reader.numbers()).containsExactly(2L, 3L);
  }

  @Test
  void shardGoesOnWithoutALetterWhenNoneIsKept() throws InterruptedException {
    AtomicBoolean refused = new AtomicBoolean(true);
    InputLog<Note, Long> log =
        new InputLog<>(
            Note.log("note-input", 8),
            "NoteServer",
            1,
            _ ->
                (command, reply) -> {
                  if (command.key().equals("bad")) {
                    throw new IllegalStateException("cannot digest");
                  }
                  reply.complete(command.number());
                },
            UnavailableException.handling(new Refusing(logs.letters(), _ -> refused.get())));
    log.start();
    LogWriter<Note, Long> writer = log.writer("Tests");

    Reply<Long> bad = writer.submit(new Note("bad", 1), PATIENCE);

    assertThatThrownBy(() -> bad.await(PATIENCE)).isInstanceOf(ParkedException.class);
    assertThat(writer.submit(new Note("good", 2), PATIENCE).await(PATIENCE)).isEqualTo(2);
    Reply<ReleaseResult> early = log.release("note-input", "bad", true);
    assertThatThrownBy(() -> early.await(PATIENCE)).hasMessageContaining("is not handled");
    refused.set(false);
    assertThat(log.release("note-input", "bad", false).await(PATIENCE))
        .isEqualTo(new ReleaseResult("bad", 0, 0, 1));
    assertThat(log.release("note-input", "bad", true).await(PATIENCE))
        .isEqualTo(new ReleaseResult("bad", 0, 1, 0));
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void keepsSoManyLettersOfAKeyAndReadsTheRestFromTheStoreEvenAfterARestart()
      throws InterruptedException {
    int most = ParkedKeys.MOST_LETTERS + 1;
    NoteReader reader = reader(LogPosition.ORIGIN);
    OutputLog<Note> first = follow(reader, logs.letters(), 0);
    publish(first, 1, most + 50, "bad");
    publish(first, most + 51, most + 51, "good");
    assertThat(first.awaitReader("One", at(most + 51), PATIENCE)).isTrue();
    assertThat(first.drainAndStop(PATIENCE)).isTrue();
    List<DeadLetter> letters = logs.letters().all();
    assertThat(letters).hasSize(most + 1);
    assertThat(letters.getLast().reason()).isEqualTo(Reason.REST);
    assertThat(letters.getLast().position()).isEqualTo(at(most + 1));

    NoteReader again = reader(reader.position());
    OutputLog<Note> second = follow(again, logs.letters(), most + 51);
    publish(second, most + 52, most + 60, "bad");
    assertThat(second.awaitReader("One", at(most + 60), PATIENCE)).isTrue();
    assertThat(logs.letters().all()).hasSize(most + 1);
    broken.set(false);
    ReleaseResult result = second.release("One", "bad", false).await(PATIENCE);
    publish(second, most + 61, most + 61, "bad");

    assertThat(second.awaitReader("One", at(most + 61), PATIENCE)).isTrue();
    assertThat(result.isOpen()).isTrue();
    List<Long> wanted = new ArrayList<>(numbers(1, most + 61));
    wanted.remove(Long.valueOf(most + 51));
    assertThat(again.numbers()).isEqualTo(wanted);
    assertThat(logs.letters().all()).isEmpty();
  }

  @Test
  void goesOnWithTheRestWhereItFailedAgain() throws InterruptedException {
    int most = ParkedKeys.MOST_LETTERS + 1;
    AtomicBoolean worse = new AtomicBoolean(true);
    NoteReader reader =
        new NoteReader(
            "One",
            LogPosition.ORIGIN,
            each -> {
              long number = each.entry().number();
              if (broken.get() || (worse.get() && number == most + 10)) {
                throw new IllegalStateException("cannot digest " + number);
              }
            });
    OutputLog<Note> log = follow(reader, logs.letters(), 0);
    publish(log, 1, most + 20, "bad");
    assertThat(log.awaitReader("One", at(most + 20), PATIENCE)).isTrue();

    broken.set(false);
    ReleaseResult still = log.release("One", "bad", false).await(PATIENCE);

    assertThat(still).isEqualTo(new ReleaseResult("bad", most, 0, 1));
    assertThat(reader.numbers()).isEqualTo(numbers(1, most + 9));
    assertThat(logs.letters().all())
        .extracting(DeadLetter::position, DeadLetter::reason)
        .containsExactly(tuple(at(most + 10), Reason.REST));
    ReleaseResult rest = log.release("One", "bad", true).await(PATIENCE);
    assertThat(rest.isOpen()).isTrue();
    List<Long> wanted = new ArrayList<>(numbers(1, most + 20));
    wanted.remove(Long.valueOf(most + 10));
    assertThat(reader.numbers()).isEqualTo(wanted);
  }

  @Test
  void waitsWithAReaderThatFailsOnMoreKeysThanMayBeParked() throws InterruptedException {
    int most = ParkedKeys.MOST_KEYS;
    NoteReader reader = reader(LogPosition.ORIGIN);
    OutputLog<Note> log = follow(reader, logs.letters(), 0);
    for (long i = 1; i <= most + 1; i++) {
      logs.commitAndPublish(log, i, "bad " + i);
    }
    while (log.figures().consumers().getFirst().parkedKeys().size() < most
        || log.figures().consumers().getFirst().state() != ConsumerFigures.State.STALLED) {
      Thread.onSpinWait();
    }

    assertThat(log.release("One", "bad 1", true).await(PATIENCE).isOpen()).isTrue();

    assertThat(log.awaitReader("One", at(most + 1), PATIENCE)).isTrue();
    assertThat(log.figures().consumers().getFirst().parkedKeys())
        .hasSize(most)
        .contains("bad " + (most + 1));
  }
}
