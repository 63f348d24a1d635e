package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.ringlogs.NoteLogs.PATIENCE;
import static org.hearth.ringlogs.NoteLogs.at;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.hearth.ringlogs.LogFigures.WriterFigures;
import org.hearth.ringlogs.LogSet.ConsumerDeath;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.ringlogs.WiringDescription.Arrow;
import org.hearth.ringlogs.WiringDescription.Node;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LogSetTest {
  private final NoteStore store = new NoteStore();
  private final DeadLetters letters = DeadLetters.inMemory();
  private final FailureHandling handling = UnavailableException.handling(letters);
  private final LinkedBlockingQueue<ConsumerDeath> deaths = new LinkedBlockingQueue<>();
  private final OutputLog<Note> output =
      new OutputLog<>(Note.log("note-output", 16), store, handling);
  private final VolatileLog<Note> typing =
      new VolatileLog<>(Note.log("typing-output", 16), 7, handling);
  private long committed;

  private final InputLog<Note, Long> input =
      new InputLog<>(Note.log("note-input", 16), "NoteServer", 1, _ -> this::decide, handling);
  private final LogSet logs = new LogSet(List.of(input, typing, output), deaths::add);

  private void decide(Note command, Reply<Long> reply) {
    switch (command.key()) {
      case "bad" -> throw new IllegalStateException("cannot digest");
      case "fatal" -> throw new OutOfMemoryError("as if");
      case "untold" -> throw new Untold();
      default -> {
        committed++;
        output.publish(store.commit(at(committed), command).position(), command);
        reply.complete(committed);
      }
    }
  }

  private void fail(Positioned<Note> entry) {
    switch (entry.entry().key()) {
      case "deadly" -> throw new OutOfMemoryError("as if");
      case "deadly and untold" -> throw new Untold();
      default -> {}
    }
  }

  /// An error that cannot be logged, as when there is no memory for its words.
  private static final class Untold extends Error {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new OutOfMemoryError("as if for the log, too");
    }
  }

  @Test
  void startsReadersBeforeCommandsAreTakenAndStopsThemAfterTheLastIsDecided()
      throws InterruptedException {
    NoteReader reader = new NoteReader("One");
    output.register(reader);
    logs.start(LogPosition.ORIGIN);
    LogWriter<Note, Long> writer = input.writer("Tests");
    for (long i = 1; i <= 10; i++) {
      writer.submit(new Note("a", i), PATIENCE);
    }

    assertThat(logs.drainAndStop(PATIENCE)).isTrue();

    assertThat(reader.numbers()).isEqualTo(NoteLogs.numbers(1, 10));
    assertThat(logs.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void startsAtTheHeadThatWasGiven() throws InterruptedException {
    for (long i = 1; i <= 3; i++) {
      store.commit(at(i), new Note("a", i));
    }
    NoteReader reader = new NoteReader("One");
    output.register(reader);

    logs.start(at(3));

    assertThat(output.awaitReader("One", at(3), PATIENCE)).isTrue();
    assertThat(typing.publish(new Note("a", 1))).isEqualTo(new VolatilePosition(7, at(1)));
    assertThat(logs.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void logThatAReaderWritesToRunsBeforeTheReaderIsGivenAnything() throws InterruptedException {
    store.commit(at(1), new Note("a", 1));
    List<String> attempts = new CopyOnWriteArrayList<>();
    CountDownLatch attempted = new CountDownLatch(1);
    output.register(
        new NoteReader(
            "Relay",
            LogPosition.ORIGIN,
            entry -> {
              try {
                typing.publish(entry.entry());
                attempts.add("published");
              } catch (LogStoppedException e) {
                attempts.add("refused");
                throw e;
              } finally {
                attempted.countDown();
              }
            }));
    OutputLog<Note> second =
        new OutputLog<>(Note.log("second-output", 16), new NoteStore(), handling);
    second.register(new StartsAfter(attempted));
    LogSet all = new LogSet(List.of(output, second, typing));

    all.start(at(1));

    assertThat(output.awaitReader("Relay", at(1), PATIENCE)).isTrue();
    assertThat(attempts).containsExactly("published");
    assertThat(all.drainAndStop(PATIENCE)).isTrue();
  }

  /// Its log does not start before something has happened.
  private record StartsAfter(CountDownLatch latch) implements LogReader<Note> {
    @Override
    public String name() {
      return "Late";
    }

    @Override
    public LogPosition position() {
      try {
        assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return at(1);
    }

    @Override
    public void onBatch(List<Positioned<Note>> batch) {
      throw new IllegalStateException("nothing is published");
    }
  }

  @Test
  void stopsAllEvenIfItIsInterrupted() throws InterruptedException {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch gate = new CountDownLatch(1);
    output.register(
        new NoteReader(
            "Slow",
            LogPosition.ORIGIN,
            _ -> {
              entered.countDown();
              try {
                assertThat(gate.await(20, TimeUnit.SECONDS)).isTrue();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }));
    logs.start(LogPosition.ORIGIN);
    input.writer("Tests").submit(new Note("a", 1), PATIENCE).await(PATIENCE);
    entered.await();

    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> logs.drainAndStop(PATIENCE)).isInstanceOf(InterruptedException.class);
    gate.countDown();

    assertThatThrownBy(() -> input.writer("Tests").submit(new Note("a", 2), PATIENCE))
        .isInstanceOf(LogStoppedException.class);
    assertThatThrownBy(() -> typing.publish(new Note("a", 3)))
        .isInstanceOf(LogStoppedException.class);
    assertThat(logs.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void leavesNoThreadInItsRingWhenTheStopIsInterrupted() throws InterruptedException {
    logs.start(LogPosition.ORIGIN);
    Thread shard =
        Thread.getAllStackTraces().keySet().stream()
            .filter(each -> each.getName().equals("note-input-0"))
            .findAny()
            .orElseThrow();

    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> logs.drainAndStop(PATIENCE)).isInstanceOf(InterruptedException.class);

    assertThat(shard.join(PATIENCE)).isTrue();
  }

  @Test
  void refusesTwoLogsOfOneName() {
    assertThatThrownBy(() -> new LogSet(List.of(input, input)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("note-input");
  }

  @Test
  void releasesByTheNamesOfLogAndConsumer() throws InterruptedException {
    logs.start(LogPosition.ORIGIN);
    Reply<Long> parked = input.writer("Tests").submit(new Note("bad", 1), PATIENCE);
    assertThatThrownBy(() -> parked.await(PATIENCE)).isInstanceOf(ParkedException.class);

    ReleaseResult result = logs.release("note-input", "note-input", "bad", true).await(PATIENCE);

    assertThat(result).isEqualTo(new ReleaseResult("bad", 0, 1, 0));
    assertThatThrownBy(() -> logs.release("no-log", "x", "bad", true))
        .hasMessageContaining("no-log");
    assertThatThrownBy(() -> logs.release("note-input", "x", "bad", true))
        .hasMessageContaining("x");
    assertThat(logs.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void countsPerWriter() throws InterruptedException {
    LogWriter<Note, Long> one = input.writer("One");
    assertThatThrownBy(() -> one.submit(new Note("a", 0), PATIENCE))
        .isInstanceOf(LogStoppedException.class);
    logs.start(LogPosition.ORIGIN);

    one.submit(new Note("a", 1), PATIENCE).await(PATIENCE);
    input.writer("Other").submit(new Note("a", 2), PATIENCE).await(PATIENCE);
    input.writer("Other").submit(new Note("a", 3), PATIENCE).await(PATIENCE);

    LogFigures figures = logs.figures().getFirst();
    assertThat(figures.writers())
        .containsExactly(new WriterFigures("One", 1, 1), new WriterFigures("Other", 2, 0));
    assertThat(figures.refused()).isEqualTo(1);
    assertThat(logs.figures())
        .extracting(LogFigures::log)
        .containsExactly("note-input", "typing-output", "note-output");
    assertThat(logs.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void describesWhoWritesWhat() {
    input.writer("Tests");
    output.writtenBy("NoteServer");

    WiringDescription whole =
        WiringDescription.join(
            List.of(
                logs.description(),
                new WiringDescription(List.of(new Node("Tests", Node.Kind.WRITER)), List.of())));

    assertThat(whole.arrows())
        .contains(
            new Arrow("Tests", "note-input", Arrow.Kind.WRITES),
            new Arrow("note-input", "NoteServer", Arrow.Kind.FEEDS),
            new Arrow("NoteServer", "note-output", Arrow.Kind.WRITES));
    assertThatThrownBy(() -> WiringDescription.join(List.of(logs.description())))
        .hasMessageContaining("Tests");
  }

  @Test
  void tellsOfAShardThatDiedAfterEverybodyHasAnAnswer() throws InterruptedException {
    logs.start(LogPosition.ORIGIN);
    Reply<Long> fatal = input.writer("Tests").submit(new Note("fatal", 1), PATIENCE);

    ConsumerDeath death = deaths.poll(20, TimeUnit.SECONDS);

    assertThat(death).isNotNull();
    assertThat(death.log()).isEqualTo("note-input");
    assertThat(death.consumer()).isEqualTo("note-input-0");
    assertThat(death.cause()).isInstanceOf(OutOfMemoryError.class);
    assertThat(fatal.isDone()).isTrue();
    assertThat(input.figures().consumers().getFirst().state())
        .isEqualTo(ConsumerFigures.State.FAILED);
    assertThatThrownBy(() -> logs.release("note-input", "note-input", "a", true).await(PATIENCE))
        .isInstanceOf(LogStoppedException.class);
    assertThat(logs.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void tellsOfADeathAlsoWhenItCannotBeLogged() throws InterruptedException {
    output.register(new NoteReader("One", LogPosition.ORIGIN, this::fail));
    logs.start(LogPosition.ORIGIN);
    input.writer("Tests").submit(new Note("deadly and untold", 1), PATIENCE).await(PATIENCE);
    assertThat(deaths.poll(20, TimeUnit.SECONDS))
        .isNotNull()
        .extracting(ConsumerDeath::consumer)
        .isEqualTo("One");

    Reply<Long> reply = input.writer("Tests").submit(new Note("untold", 2), PATIENCE);

    assertThat(deaths.poll(20, TimeUnit.SECONDS))
        .isNotNull()
        .extracting(ConsumerDeath::consumer)
        .isEqualTo("note-input-0");
    assertThat(reply.isDone()).isTrue();
    assertThat(logs.drainAndStop(Duration.ofSeconds(2))).isTrue();
  }

  @Test
  void tellsOfAReaderThatDied() throws InterruptedException {
    output.register(new NoteReader("One", LogPosition.ORIGIN, this::fail));
    logs.start(LogPosition.ORIGIN);
    input.writer("Tests").submit(new Note("deadly", 1), PATIENCE).await(PATIENCE);

    ConsumerDeath death = deaths.poll(20, TimeUnit.SECONDS);

    assertThat(death).isNotNull();
    assertThat(death.log()).isEqualTo("note-output");
    assertThat(death.consumer()).isEqualTo("One");
    assertThat(output.figures().consumers().getFirst().state())
        .isEqualTo(ConsumerFigures.State.FAILED);
    assertThatThrownBy(() -> logs.release("note-output", "One", "a", true).await(PATIENCE))
        .isInstanceOf(LogStoppedException.class);
    assertThat(logs.drainAndStop(Duration.ofSeconds(2))).isTrue();
  }
}
