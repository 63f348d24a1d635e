package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.ringlogs.NoteLogs.at;
import static org.hearth.ringlogs.NoteLogs.numbers;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Readers whose data goes back: it was lost, or is to be built anew.
@Timeout(60)
class GoingBackTest {
  private final NoteLogs logs = new NoteLogs();

  @AfterEach
  void stop() throws InterruptedException {
    logs.stop();
  }

  /// Keeps what it is told, and makes it durable on every third entry only.
  private static final class LosingReader implements LogReader<Note> {
    private final List<Long> durable = new ArrayList<>();
    private final List<Long> kept = new ArrayList<>();
    private final List<Long> losses;
    private LogPosition position = LogPosition.ORIGIN;
    private int forgotten;

    /// @param losses the entries at which, once each, it loses what is not durable
    LosingReader(Long... losses) {
      this.losses = new ArrayList<>(List.of(losses));
    }

    @Override
    public String name() {
      return "losing";
    }

    @Override
    public synchronized LogPosition position() {
      return position;
    }

    @Override
    public synchronized void onBatch(List<Positioned<Note>> batch) throws LostDataException {
      for (Positioned<Note> each : batch) {
        long number = each.entry().number();
        if (losses.remove(number)) {
          kept.clear();
          kept.addAll(durable);
          position = durable.isEmpty() ? LogPosition.ORIGIN : at(durable.getLast());
          throw new LostDataException("lost at " + number, new IllegalStateException("the disk"));
        }
        kept.add(number);
        position = each.position();
        if (number % 3 == 0) {
          durable.clear();
          durable.addAll(kept);
        }
      }
    }

    @Override
    public synchronized void forget() {
      forgotten++;
      durable.clear();
      kept.clear();
      position = LogPosition.ORIGIN;
    }

    synchronized List<Long> kept() {
      return List.copyOf(kept);
    }

    synchronized int forgotten() {
      return forgotten;
    }
  }

  private void publish(OutputLog<Note> log, long from, long to) {
    for (long i = from; i <= to; i++) {
      logs.commitAndPublish(log, i, "a");
    }
  }

  @Test
  void aReaderThatLosesDataIsGivenItAgain() throws Exception {
    LosingReader reader = new LosingReader(5L, 11L, 12L);
    OutputLog<Note> log = logs.open(8);
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    publish(log, 1, 20);

    assertThat(log.awaitReader("losing", at(20), NoteLogs.PATIENCE)).isTrue();
    while (reader.kept().size() < 20) {
      Thread.onSpinWait();
    }
    assertThat(reader.kept()).isEqualTo(numbers(1, 20));
    assertThat(logs.letters().of("note-output", "losing")).isEmpty();
  }

  @Test
  void aReaderThatLosesDataWhileItCatchesUpGoesOn() throws Exception {
    for (long i = 1; i <= 20; i++) {
      logs.store().commit(at(i), new Note("a", i));
    }
    LosingReader reader = new LosingReader(7L, 20L);
    OutputLog<Note> log = logs.open(8);
    log.register(reader);

    log.start(at(20));

    while (reader.kept().size() < 20) {
      Thread.onSpinWait();
    }
    assertThat(reader.kept()).isEqualTo(numbers(1, 20));
  }

  @Test
  void aReaderIsBuiltAnewWhileEntriesCome() throws Exception {
    LosingReader reader = new LosingReader();
    OutputLog<Note> log = logs.open(8);
    log.register(reader);
    log.start(LogPosition.ORIGIN);
    publish(log, 1, 20);
    assertThat(log.awaitReader("losing", at(20), NoteLogs.PATIENCE)).isTrue();

    Reply<Boolean> asked = log.rebuild("losing");
    publish(log, 21, 40);

    assertThat(asked.await(NoteLogs.PATIENCE)).isTrue();
    assertThat(log.awaitReader("losing", at(40), NoteLogs.PATIENCE)).isTrue();
    assertThat(reader.forgotten()).isEqualTo(1);
    assertThat(reader.kept()).isEqualTo(numbers(1, 40));
  }

  @Test
  void aReaderThatCannotForgetGoesOnWhereItWas() throws Exception {
    NoteReader reader = new NoteReader("durable");
    OutputLog<Note> log = logs.open(8);
    log.register(reader);
    log.start(LogPosition.ORIGIN);
    publish(log, 1, 3);
    assertThat(log.awaitReader("durable", at(3), NoteLogs.PATIENCE)).isTrue();

    assertThatThrownBy(() -> log.rebuild("durable").await(NoteLogs.PATIENCE))
        .isInstanceOf(UnsupportedOperationException.class);

    publish(log, 4, 5);
    assertThat(log.awaitReader("durable", at(5), NoteLogs.PATIENCE)).isTrue();
    assertThat(reader.numbers()).isEqualTo(numbers(1, 5));
  }

  @Test
  void aReaderThatOthersAreToldAfterDoesNotGoBack() {
    OutputLog<Note> log = logs.open(8);
    log.register(new LosingReader());
    log.register(new NoteReader("after"), "losing");
    log.start(LogPosition.ORIGIN);

    assertThatThrownBy(() -> log.rebuild("losing")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whoAsksAfterTheEndIsTold() throws Exception {
    OutputLog<Note> log = logs.open(8);
    log.register(new LosingReader());
    log.start(LogPosition.ORIGIN);
    log.drainAndStop(NoteLogs.PATIENCE);

    assertThatThrownBy(() -> log.rebuild("losing").await(NoteLogs.PATIENCE))
        .isInstanceOf(LogStoppedException.class);
  }
}
