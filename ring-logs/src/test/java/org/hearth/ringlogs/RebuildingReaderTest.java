package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.ringlogs.NoteLogs.PATIENCE;
import static org.hearth.ringlogs.NoteLogs.at;

import java.util.List;
import java.util.stream.LongStream;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A reader that keeps its view in memory is told to fetch it anew, where another has entries
/// parked.
@Timeout(60)
class RebuildingReaderTest {
  private final NoteLogs logs = new NoteLogs();
  private final RebuildingReader reader =
      new RebuildingReader(each -> {
        if (each.entry().key().equals("bad")) {
          throw new IllegalStateException("cannot digest");
        }
      });

  @AfterEach
  void stop() throws InterruptedException {
    logs.stop();
  }

  private void publish(OutputLog<Note> log, String... keys) {
    log.publish(
        LongStream.rangeClosed(1, keys.length)
            .mapToObj(i -> logs.store().commit(at(i), new Note(keys[(int) i - 1], i)))
            .toList());
  }

  @Test
  void isToldOfTheEntryThatItCannotHandleAndOfTheRestOfTheBatch() throws InterruptedException {
    OutputLog<Note> log = logs.open(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    publish(log, "good", "bad", "bad", "good");
    assertThat(log.awaitReader("Memory", at(4), PATIENCE)).isTrue();
    logs.commitAndPublish(log, 5, "good");

    assertThat(log.awaitReader("Memory", at(5), PATIENCE)).isTrue();
    assertThat(reader.told()).containsExactly("1", "lost 1-4", "5");
    assertThat(logs.letters().all()).isEmpty();
    assertThat(log.figures().consumers().getFirst().parkedKeys()).isEmpty();
    assertThat(log.figures().consumers().getFirst().lost()).isEqualTo(3);
  }

  @Test
  void isStalledWhileItCannotRebuild() throws InterruptedException {
    reader.failNextRebuilds(Integer.MAX_VALUE);
    OutputLog<Note> log = logs.open(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    publish(log, "bad");
    while (log.figures().consumers().getFirst().state() != ConsumerFigures.State.STALLED) {
      Thread.onSpinWait();
    }
    assertThat(log.figures().consumers().getFirst().lastFailure()).contains("cannot rebuild");
    reader.failNextRebuilds(0);

    assertThat(log.awaitReader("Memory", at(1), PATIENCE)).isTrue();
    assertThat(reader.told()).containsExactly("lost 0-1");
  }

  @Test
  void endsWhenItFailsToRebuildTimeAndAgain() throws InterruptedException {
    reader.failNextRebuilds(Integer.MAX_VALUE);
    OutputLog<Note> log = logs.open(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    publish(log, "bad");

    while (log.figures().consumers().getFirst().state() != ConsumerFigures.State.FAILED) {
      Thread.onSpinWait();
    }
    assertThat(log.figures().consumers().getFirst().lastFailure()).contains("cannot rebuild");
  }

  @Test
  void isNotHeldBackByWhatWasParkedInAnEarlierRun() throws InterruptedException {
    logs.letters()
        .park(
            new DeadLetter(
                "note-output",
                "Memory",
                "good",
                at(1),
                EncodedEntry.of(Note.CODEC, new Note("good", 1)),
                DeadLetter.Reason.FAILED,
                "it broke",
                UnavailableException.NOW));
    OutputLog<Note> log = logs.open(16);
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    publish(log, "good");

    assertThat(log.awaitReader("Memory", at(1), PATIENCE)).isTrue();
    assertThat(reader.told()).isEqualTo(List.of("1"));
    assertThat(log.release("Memory", "good", false).await(PATIENCE).isOpen()).isTrue();
    assertThat(logs.letters().all()).isEmpty();
  }
}
