package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.ringlogs.NoteLogs.PATIENCE;
import static org.hearth.ringlogs.NoteLogs.at;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.ringlogs.DeadLetter.Label;
import org.hearth.ringlogs.DeadLetter.Reason;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Letters whose labels can be read, and whose entries cannot all be.
@Timeout(120)
class DamagedLettersTest {
  private final NoteLogs logs = new NoteLogs();
  private final Letters letters = new Letters(logs.letters());

  /// Letters of the key `bad` that cannot be read.
  private record Letters(DeadLetters kept, AtomicInteger listed, List<Label> read)
      implements DeadLetters {
    Letters(DeadLetters kept) {
      this(kept, new AtomicInteger(), new CopyOnWriteArrayList<>());
    }

    @Override
    public void park(DeadLetter letter) {
      kept.park(letter);
    }

    @Override
    public void remove(Label letter) {
      kept.remove(letter);
    }

    @Override
    public List<Label> of(String log, String consumer) {
      listed.incrementAndGet();
      return kept.of(log, consumer);
    }

    @Override
    public List<Label> of(String log, String consumer, String partitionKey) {
      return kept.of(log, consumer, partitionKey);
    }

    @Override
    public DeadLetter read(Label letter) {
      read.add(letter);
      if (letter.partitionKey().equals("bad")) {
        throw new IllegalArgumentException("the row is damaged");
      }
      return kept.read(letter);
    }

    @Override
    public List<DeadLetter> all() {
      return kept.all();
    }
  }

  @AfterEach
  void stop() throws InterruptedException {
    logs.stop();
  }

  private void park(String log, String consumer, long position, String key) {
    logs.letters()
        .park(
            new DeadLetter(
                log,
                consumer,
                key,
                at(position),
                EncodedEntry.of(Note.CODEC, new Note(key, position)),
                Reason.FAILED,
                "it broke",
                UnavailableException.NOW));
  }

  @Test
  void costsItselfOnlyAndCanBeDiscarded() throws InterruptedException {
    park("note-output", "One", 1, "bad");
    park("note-output", "One", 2, "good");
    park("note-output", "One", 3, "good");
    NoteReader reader = new NoteReader("One", at(3), _ -> {});
    OutputLog<Note> log = logs.open(16, letters);
    log.register(reader);

    log.start(at(3));

    assertThat(letters.read()).isEmpty();
    assertThat(log.figures().consumers().getFirst().parkedKeys())
        .containsExactlyInAnyOrder("bad", "good");
    assertThat(log.release("One", "good", false).await(PATIENCE))
        .isEqualTo(new ReleaseResult("good", 2, 0, 0));
    assertThat(reader.numbers()).containsExactly(2L, 3L);
    assertThat(log.release("One", "bad", false).await(PATIENCE))
        .isEqualTo(new ReleaseResult("bad", 0, 0, 1));
    assertThat(log.release("One", "bad", true).await(PATIENCE))
        .isEqualTo(new ReleaseResult("bad", 0, 1, 0));
    assertThat(logs.letters().all()).isEmpty();
  }

  @Test
  void areListedOnceForAllShardsOfALog() throws InterruptedException {
    park("note-input", "note-input", 0, "bad");
    park("note-input", "note-input", 0, "good");
    InputLog<Note, Long> log =
        new InputLog<>(
            Note.log("note-input", 8),
            "NoteServer",
            4,
            _ -> (command, reply) -> reply.complete(command.number()),
            UnavailableException.handling(letters));
    try {
      log.start();

      assertThat(letters.listed()).hasValue(1);
      assertThat(letters.read()).isEmpty();
      assertThatThrownBy(() -> log.writer("Tests").submit(new Note("bad", 1), PATIENCE))
          .isInstanceOf(ParkedException.class);
      assertThat(log.release("note-input", "good", false).await(PATIENCE).isOpen()).isTrue();
      assertThat(log.writer("Tests").submit(new Note("good", 2), PATIENCE).await(PATIENCE))
          .isEqualTo(2);
      assertThatThrownBy(() -> log.writer("Tests").submit(new Note("bad", 3), PATIENCE))
          .isInstanceOf(ParkedException.class);
    } finally {
      log.drainAndStop(PATIENCE);
    }
  }
}
