package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.ringlogs.DeadLetter.Reason;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class InputLogTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration AT_ONCE = Duration.ofMillis(1);

  private final DeadLetters letters = DeadLetters.inMemory();
  private final List<InputLog<Note, Long>> opened = new CopyOnWriteArrayList<>();
  private final CountDownLatch gate = new CountDownLatch(1);
  private final CountDownLatch entered = new CountDownLatch(1);

  private InputLog<Note, Long> log(int capacity, int shards, CommandHandler<Note, Long> handler) {
    InputLog<Note, Long> log =
        new InputLog<>(
            Note.log("note-input", capacity),
            "NoteServer",
            shards,
            _ -> handler,
            UnavailableException.handling(letters));
    opened.add(log);
    log.start();
    return log;
  }

  @AfterEach
  void stop() throws InterruptedException {
    gate.countDown();
    for (InputLog<Note, Long> log : opened) {
      log.drainAndStop(Duration.ofSeconds(2));
    }
  }

  private void waitAtGate() throws InterruptedException {
    entered.countDown();
    assertThat(gate.await(60, TimeUnit.SECONDS)).isTrue();
  }

  private static void answer(Note command, Reply<Long> reply) {
    reply.complete(command.number());
  }

  @Test
  void answersACommand() throws InterruptedException {
    InputLog<Note, Long> log = log(8, 2, InputLogTest::answer);

    long answer = log.writer("Tests").submit(new Note("a", 7), PATIENCE).await(PATIENCE);

    assertThat(answer).isEqualTo(7);
  }

  @Test
  void handlesEveryCommandOnceAndInOrderPerKeyWithManyWriters() throws Exception {
    int writers = 32;
    int each = 2_000;
    Map<String, List<Long>> seen = new ConcurrentHashMap<>();
    InputLog<Note, Long> log =
        log(
            64,
            4,
            (command, reply) -> {
              // One thread a key: no lock is needed, and a lost update would show.
              seen.computeIfAbsent(command.key(), _ -> new ArrayList<>()).add(command.number());
              reply.complete(command.number());
            });

    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Long>> sums = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        String key = "key-" + w;
        sums.add(
            threads.submit(() -> {
              List<Reply<Long>> replies = new ArrayList<>();
              for (long n = 0; n < each; n++) {
                replies.add(log.writer("Tests").submit(new Note(key, n), PATIENCE));
              }
              long sum = 0;
              for (Reply<Long> reply : replies) {
                sum += reply.await(PATIENCE);
              }
              return sum;
            }));
      }
      for (Future<Long> sum : sums) {
        assertThat(sum.get()).isEqualTo((long) each * (each - 1) / 2);
      }
    }

    assertThat(seen).hasSize(writers);
    assertThat(seen.values())
        .allSatisfy(numbers -> {
          assertThat(numbers).hasSize(each).isSorted().doesNotHaveDuplicates();
        });
    LogFigures figures = log.figures();
    assertThat(figures.published()).isEqualTo((long) writers * each);
    assertThat(figures.unanswered()).isZero();
    assertThat(figures.consumers().stream().mapToLong(ConsumerFigures::consumed).sum())
        .isEqualTo((long) writers * each);
  }

  @Test
  void takesAnswersFromAnotherThread() throws InterruptedException {
    LinkedBlockingQueue<Reply<Long>> committer = new LinkedBlockingQueue<>();
    InputLog<Note, Long> log = log(8, 1, (_, reply) -> committer.add(reply));
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              try {
                for (long i = 0; i < 100; i++) {
                  committer.take().complete(i);
                }
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });

    for (long i = 0; i < 100; i++) {
      assertThat(log.writer("Tests").submit(new Note("a", i), PATIENCE).await(PATIENCE))
          .isEqualTo(i);
    }

    assertThat(thread.join(PATIENCE)).isTrue();
  }

  @Test
  void refusesWhenTheRingStaysFullUntilTheDeadline() throws InterruptedException {
    InputLog<Note, Long> log =
        log(
            2,
            1,
            (command, reply) -> {
              waitAtGate();
              answer(command, reply);
            });
    Reply<Long> first = log.writer("Tests").submit(new Note("a", 1), PATIENCE);
    entered.await();
    Reply<Long> second = log.writer("Tests").submit(new Note("a", 2), PATIENCE);

    assertThatThrownBy(() -> log.writer("Tests").submit(new Note("a", 3), AT_ONCE))
        .isInstanceOf(LogFullException.class)
        .hasMessageContaining("note-input, shard 0")
        .hasMessageContaining("2 places");
    gate.countDown();

    assertThat(first.await(PATIENCE)).isEqualTo(1);
    assertThat(second.await(PATIENCE)).isEqualTo(2);
    LogFigures figures = log.figures();
    assertThat(figures.waits()).isEqualTo(1);
    assertThat(figures.refused()).isEqualTo(1);
    assertThat(figures.waited()).isPositive();
  }

  @Test
  void retriesOnceAndThenParksTheKeyWhileOthersGoOn() throws InterruptedException {
    AtomicInteger attempts = new AtomicInteger();
    AtomicBoolean broken = new AtomicBoolean(true);
    InputLog<Note, Long> log =
        log(
            8,
            1,
            (command, reply) -> {
              if (command.key().equals("bad")) {
                attempts.incrementAndGet();
                if (broken.get()) {
                  throw new IllegalStateException("cannot digest " + command.number());
                }
              }
              answer(command, reply);
            });

    ParkedException parked =
        catchThrowableOfType(
            ParkedException.class,
            () -> log.writer("Tests").submit(new Note("bad", 1), PATIENCE).await(PATIENCE));
    assertThat(parked)
        .hasMessageContaining("cannot digest 1")
        .hasRootCauseInstanceOf(IllegalStateException.class);
    assertThat(parked.partitionKey()).isEqualTo("bad");
    assertThat(attempts).hasValue(2);
    assertThatThrownBy(() -> log.writer("Tests").submit(new Note("bad", 2), PATIENCE))
        .isInstanceOf(ParkedException.class);
    assertThat(log.writer("Tests").submit(new Note("good", 3), PATIENCE).await(PATIENCE))
        .isEqualTo(3);
    DeadLetter letter = letters.all().getFirst();
    assertThat(letter.entry().decode(Note.CODEC)).isEqualTo(new Note("bad", 1));
    assertThat(letter.reason()).isEqualTo(Reason.FAILED);
    assertThat(letter.parkedAt()).isEqualTo(UnavailableException.NOW);
    assertThat(log.figures().consumers().getFirst().parkedKeys()).containsExactly("bad");

    ReleaseResult stillBroken = log.release("note-input", "bad", false).await(PATIENCE);
    broken.set(false);
    ReleaseResult mended = log.release("note-input", "bad", false).await(PATIENCE);

    assertThat(stillBroken).isEqualTo(new ReleaseResult("bad", 0, 0, 1));
    assertThat(mended).isEqualTo(new ReleaseResult("bad", 1, 0, 0));
    assertThat(letters.all()).isEmpty();
    assertThat(log.writer("Tests").submit(new Note("bad", 4), PATIENCE).await(PATIENCE))
        .isEqualTo(4);
  }

  @Test
  void failsCommandsOfAParkedKeyThatWereQueuedBehindIt() throws InterruptedException {
    InputLog<Note, Long> log =
        log(
            8,
            1,
            (_, _) -> {
              waitAtGate();
              throw new IllegalStateException("never");
            });
    Reply<Long> first = log.writer("Tests").submit(new Note("bad", 1), PATIENCE);
    Reply<Long> second = log.writer("Tests").submit(new Note("bad", 2), PATIENCE);

    gate.countDown();

    assertThatThrownBy(() -> first.await(PATIENCE)).isInstanceOf(ParkedException.class);
    assertThatThrownBy(() -> second.await(PATIENCE)).isInstanceOf(ParkedException.class);
    assertThat(letters.all()).hasSize(1);
  }

  @Test
  void whoTellsAndDoesNotWaitIsNotTroubledByAParkedKeyOrAStop() throws InterruptedException {
    InputLog<Note, Long> log =
        log(
            8,
            1,
            (_, _) -> {
              throw new IllegalStateException("never");
            });
    LogWriter<Note, Long> writer = log.writer("Tests");
    Reply<Long> reply = writer.submit(new Note("bad", 1), PATIENCE);
    assertThatThrownBy(() -> reply.await(PATIENCE)).isInstanceOf(ParkedException.class);

    writer.tell(new Note("bad", 2), PATIENCE);
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
    writer.tell(new Note("good", 3), PATIENCE);

    assertThat(writer.figures().submitted()).isEqualTo(1);
    assertThat(writer.figures().refused()).isEqualTo(2);
  }

  @Test
  void keepsAKeyParkedOverARestartUntilItIsDiscarded() throws InterruptedException {
    InputLog<Note, Long> first =
        log(
            8,
            3,
            (_, _) -> {
              throw new IllegalStateException("never");
            });
    Reply<Long> reply = first.writer("Tests").submit(new Note("bad", 1), PATIENCE);
    assertThatThrownBy(() -> reply.await(PATIENCE)).isInstanceOf(ParkedException.class);
    assertThat(first.drainAndStop(PATIENCE)).isTrue();

    InputLog<Note, Long> second = log(8, 5, InputLogTest::answer);
    assertThatThrownBy(() -> second.writer("Tests").submit(new Note("bad", 2), PATIENCE))
        .isInstanceOf(ParkedException.class);
    ReleaseResult result = second.release("note-input", "bad", true).await(PATIENCE);

    assertThat(result).isEqualTo(new ReleaseResult("bad", 0, 1, 0));
    assertThat(second.writer("Tests").submit(new Note("bad", 3), PATIENCE).await(PATIENCE))
        .isEqualTo(3);
  }

  @Test
  void passesOnWhatIsUnavailableWithoutParking() throws InterruptedException {
    AtomicInteger attempts = new AtomicInteger();
    InputLog<Note, Long> log =
        log(
            8,
            1,
            (command, reply) -> {
              if (attempts.incrementAndGet() == 1) {
                throw new UnavailableException();
              }
              answer(command, reply);
            });

    Reply<Long> refused = log.writer("Tests").submit(new Note("a", 1), PATIENCE);
    assertThatThrownBy(() -> refused.await(PATIENCE)).isInstanceOf(UnavailableException.class);
    assertThat(log.writer("Tests").submit(new Note("a", 2), PATIENCE).await(PATIENCE)).isEqualTo(2);
    assertThat(letters.all()).isEmpty();
  }

  @Test
  void failsTheUnansweredCommandsOfABatchWhoseEndFails() throws InterruptedException {
    InputLog<Note, Long> log =
        log(
            8,
            1,
            new CommandHandler<>() {
              @Override
              public void handle(Note command, Reply<Long> reply) {
                if (command.number() == 1) {
                  reply.complete(1L);
                }
              }

              @Override
              public void endOfBatch() throws Exception {
                throw new IOException("no end");
              }
            });

    assertThat(log.writer("Tests").submit(new Note("a", 1), PATIENCE).await(PATIENCE)).isEqualTo(1);
    Reply<Long> unanswered = log.writer("Tests").submit(new Note("a", 2), PATIENCE);
    assertThatThrownBy(() -> unanswered.await(PATIENCE)).hasRootCauseInstanceOf(IOException.class);
  }

  @Test
  void answersEverythingAcceptedBeforeItStopsEvenWhileFull() throws Exception {
    InputLog<Note, Long> log =
        log(
            4,
            1,
            (command, reply) -> {
              waitAtGate();
              answer(command, reply);
            });
    List<Reply<Long>> accepted = new CopyOnWriteArrayList<>();
    for (long n = 0; n < 4; n++) {
      accepted.add(log.writer("Tests").submit(new Note("a", n), PATIENCE));
    }
    entered.await();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> writers = new ArrayList<>();
      AtomicInteger refused = new AtomicInteger();
      for (long w = 0; w < 50; w++) {
        Note note = new Note("a", w);
        writers.add(
            threads.submit(() -> {
              try {
                accepted.add(log.writer("Tests").submit(note, PATIENCE));
              } catch (LogStoppedException _) {
                refused.incrementAndGet();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }));
      }
      while (log.figures().unanswered() < 54) {
        Thread.onSpinWait();
      }
      Future<Boolean> stopped = threads.submit(() -> log.drainAndStop(PATIENCE));
      while (!isRefusing(log)) {
        Thread.onSpinWait();
      }
      gate.countDown();

      assertThat(stopped.get()).isTrue();
      for (Future<?> writer : writers) {
        writer.get();
      }
      assertThat(accepted.size() + refused.get()).isEqualTo(54);
      assertThat(accepted).hasSizeGreaterThanOrEqualTo(4).allMatch(Reply::isDone);
      for (Reply<Long> reply : accepted) {
        assertThat(reply.await(AT_ONCE)).isNotNull();
      }
    }
    assertThat(log.figures().consumers())
        .allMatch(each -> each.state() == ConsumerFigures.State.STOPPED);
  }

  private static boolean isRefusing(InputLog<Note, Long> log) throws InterruptedException {
    try {
      log.writer("Tests").submit(new Note("a", -1), Duration.ZERO);
      return false;
    } catch (LogStoppedException _) {
      return true;
    } catch (LogFullException _) {
      return false;
    }
  }

  @Test
  void failsWhatItDidNotComeToWhenPatienceEnds() throws InterruptedException {
    InputLog<Note, Long> log =
        log(
            4,
            1,
            (command, reply) -> {
              waitAtGate();
              answer(command, reply);
            });
    Reply<Long> first = log.writer("Tests").submit(new Note("a", 1), PATIENCE);
    Reply<Long> second = log.writer("Tests").submit(new Note("a", 2), PATIENCE);
    entered.await();

    Thread stopper =
        Thread.ofVirtual()
            .start(() -> {
              try {
                assertThat(log.drainAndStop(AT_ONCE)).isFalse();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    // The stop gives up on the command at the gate; only then may that one end.
    assertThat(stopper.join(PATIENCE)).isTrue();
    gate.countDown();

    assertThat(first.await(PATIENCE)).isEqualTo(1);
    assertThatThrownBy(() -> second.await(PATIENCE)).isInstanceOf(LogStoppedException.class);
  }

  @Test
  void saysThatItIsNotRunningBeforeTheStartAndAfterTheStop() throws InterruptedException {
    InputLog<Note, Long> log =
        new InputLog<>(
            Note.log("note-input", 4),
            "NoteServer",
            1,
            _ -> InputLogTest::answer,
            UnavailableException.handling(letters));
    assertThatThrownBy(() -> log.writer("Tests").submit(new Note("a", 1), PATIENCE))
        .isInstanceOf(LogStoppedException.class);

    log.start();
    assertThat(log.writer("Tests").submit(new Note("a", 1), PATIENCE).await(PATIENCE)).isEqualTo(1);
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
    assertThat(log.drainAndStop(PATIENCE)).isTrue();

    assertThatThrownBy(() -> log.writer("Tests").submit(new Note("a", 1), PATIENCE))
        .isInstanceOf(LogStoppedException.class);
    assertThatThrownBy(() -> log.release("note-input", "a", false).await(PATIENCE))
        .isInstanceOf(LogStoppedException.class);
    assertThatThrownBy(log::start).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void endsVisiblyAndAnswersAllWhenTheVirtualMachineFails() throws InterruptedException {
    InputLog<Note, Long> log =
        log(
            4,
            1,
            (_, _) -> {
              waitAtGate();
              throw new OutOfMemoryError("as if");
            });
    Reply<Long> first = log.writer("Tests").submit(new Note("a", 1), PATIENCE);
    Reply<Long> second = log.writer("Tests").submit(new Note("b", 2), PATIENCE);

    gate.countDown();

    assertThatThrownBy(() -> first.await(PATIENCE)).isInstanceOf(LogStoppedException.class);
    assertThatThrownBy(() -> second.await(PATIENCE)).isInstanceOf(LogStoppedException.class);
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
    assertThat(log.figures().consumers().getFirst().state())
        .isEqualTo(ConsumerFigures.State.FAILED);
  }

  @Test
  void treatsAFailedAssertionOfAHandlerAsAFailureOfTheCommand() throws InterruptedException {
    InputLog<Note, Long> log =
        log(
            4,
            1,
            (command, reply) -> {
              if (command.key().equals("bad")) {
                throw new AssertionError("as if");
              }
              answer(command, reply);
            });
    Reply<Long> bad = log.writer("Tests").submit(new Note("bad", 1), PATIENCE);

    assertThatThrownBy(() -> bad.await(PATIENCE)).isInstanceOf(ParkedException.class);
    assertThat(log.writer("Tests").submit(new Note("good", 2), PATIENCE).await(PATIENCE))
        .isEqualTo(2);
  }

  @Test
  void doesNotRunACommandAgainThatWasAnsweredBeforeItsHandlerThrew() throws InterruptedException {
    AtomicInteger attempts = new AtomicInteger();
    InputLog<Note, Long> log =
        log(
            4,
            1,
            (command, reply) -> {
              answer(command, reply);
              attempts.incrementAndGet();
              throw new IllegalStateException("too late");
            });

    assertThat(log.writer("Tests").submit(new Note("a", 1), PATIENCE).await(PATIENCE)).isEqualTo(1);
    assertThat(log.drainAndStop(PATIENCE)).isTrue();

    assertThat(attempts).hasValue(1);
    assertThat(letters.all()).hasSize(1);
  }
}
