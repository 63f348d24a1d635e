package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.ringlogs.NoteLogs.PATIENCE;
import static org.hearth.ringlogs.NoteLogs.at;
import static org.hearth.ringlogs.NoteLogs.numbers;

import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.DeadLetter.Reason;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What becomes of a reader whose store cannot read some entries, or none.
@Timeout(60)
class DamagedStoreTest {
  private final NoteLogs logs = new NoteLogs();

  @AfterEach
  void stop() throws InterruptedException {
    logs.stop();
  }

  private void commit(long from, long to) {
    for (long i = from; i <= to; i++) {
      logs.store().commit(at(i), new Note("a", i));
    }
  }

  private OutputLog<Note> follow(LogReader<Note> reader, long head) {
    OutputLog<Note> log = logs.open(16);
    log.register(reader);
    log.start(at(head));
    return log;
  }

  @Test
  void parksADamagedEntryAloneAndGoesOnWithTheRest() throws InterruptedException {
    commit(1, 1_000);
    logs.store().damage(357);
    NoteReader reader = new NoteReader("One");

    OutputLog<Note> log = follow(reader, 1_000);

    assertThat(log.awaitReader("One", at(1_000), PATIENCE)).isTrue();
    List<Long> wanted = new ArrayList<>(numbers(1, 1_000));
    wanted.remove(357L);
    assertThat(reader.numbers()).isEqualTo(wanted);
    DeadLetter letter = logs.letters().all().getFirst();
    assertThat(logs.letters().all()).hasSize(1);
    assertThat(letter.partitionKey()).isEqualTo("position 357");
    assertThat(letter.position()).isEqualTo(at(357));
    assertThat(letter.reason()).isEqualTo(Reason.FAILED);
    assertThat(letter.failure()).contains("the row at 357 is damaged");
    assertThat(log.figures().consumers().getFirst().parkedKeys()).containsExactly("position 357");
  }

  @Test
  void readsNoMoreThanTheDigitsOfTheRangeForEachDamagedEntry() throws InterruptedException {
    commit(1, 100);
    logs.store().commit(at(1_000_000_000), new Note("a", 1_000_000_000));
    for (long each : new long[] {1, 2, 3, 50, 100, 1_000_000_000}) {
      logs.store().damage(each);
    }
    NoteReader reader = new NoteReader("One");

    OutputLog<Note> log = follow(reader, 1_000_000_000);

    assertThat(log.awaitReader("One", at(1_000_000_000), PATIENCE)).isTrue();
    assertThat(reader.numbers()).hasSize(95);
    assertThat(logs.letters().all())
        .extracting(each -> each.position().value())
        .containsExactly(1L, 2L, 3L, 50L, 100L, 1_000_000_000L);
    // Of a range of 30 binary digits; each read that fails is made twice.
    assertThat(logs.store().reads()).isLessThan(6 * 2 * (30 + 6));
  }

  @Test
  void givesADamagedEntryWhenItIsReleasedAndCanBeRead() throws InterruptedException {
    commit(1, 10);
    logs.store().damage(4);
    NoteReader reader = new NoteReader("One");
    OutputLog<Note> log = follow(reader, 10);
    assertThat(log.awaitReader("One", at(10), PATIENCE)).isTrue();

    ReleaseResult still = log.release("One", "position 4", false).await(PATIENCE);
    logs.store().mend();
    ReleaseResult mended = log.release("One", "position 4", false).await(PATIENCE);

    assertThat(still.isOpen()).isFalse();
    assertThat(mended).isEqualTo(new ReleaseResult("position 4", 1, 0, 0));
    assertThat(reader.numbers()).endsWith(10L, 4L);
    assertThat(logs.letters().all()).isEmpty();
  }

  @Test
  void forgetsADamagedEntryThatIsDiscarded() throws InterruptedException {
    commit(1, 10);
    logs.store().damage(4);
    OutputLog<Note> log = follow(new NoteReader("One"), 10);
    assertThat(log.awaitReader("One", at(10), PATIENCE)).isTrue();

    ReleaseResult result = log.release("One", "position 4", true).await(PATIENCE);

    assertThat(result).isEqualTo(new ReleaseResult("position 4", 0, 1, 0));
    assertThat(logs.letters().all()).isEmpty();
  }

  @Test
  void waitsForAStoreThatIsBrokenAsAWholeAndParksNothing() throws InterruptedException {
    commit(1, 10);
    logs.store().breakAll();
    NoteReader reader = new NoteReader("One");
    OutputLog<Note> log = follow(reader, 10);

    while (log.figures().consumers().getFirst().failures() < 6
        || log.figures().consumers().getFirst().state() != ConsumerFigures.State.STALLED) {
      Thread.onSpinWait();
    }
    logs.store().mend();

    assertThat(log.awaitReader("One", at(10), PATIENCE)).isTrue();
    assertThat(logs.letters().all()).isEmpty();
    assertThat(reader.numbers()).isEqualTo(numbers(1, 10));
  }

  @Test
  void tellsThatEntriesAreLostIfNobodyKnowsWhichWereRemoved() throws InterruptedException {
    commit(1, 10);
    logs.store().damageFloor();
    RebuildingReader reader = new RebuildingReader(_ -> {});

    OutputLog<Note> log = follow(reader, 10);
    assertThat(log.awaitReader("Memory", at(10), PATIENCE)).isTrue();
    logs.commitAndPublish(log, 11, "a");

    assertThat(log.awaitReader("Memory", at(11), PATIENCE)).isTrue();
    assertThat(reader.told()).containsExactly("lost 0-10", "11");
  }

  @Test
  void tellsAReaderThatRebuildsWhatItHasToFetchAnew() throws InterruptedException {
    commit(1, 10);
    logs.store().damage(4);
    logs.store().damage(5);
    RebuildingReader reader = new RebuildingReader(_ -> {});

    OutputLog<Note> log = follow(reader, 10);

    assertThat(log.awaitReader("Memory", at(10), PATIENCE)).isTrue();
    assertThat(reader.told()).containsExactly("1", "2", "3", "lost 3-10");
    assertThat(logs.letters().all()).isEmpty();
    assertThatThrownBy(() -> log.release("Nobody", "a", false))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
