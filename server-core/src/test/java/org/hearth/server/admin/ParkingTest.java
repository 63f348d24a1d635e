package org.hearth.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.hearth.ringlogs.ConsumerFigures;
import org.hearth.ringlogs.DeadLetter;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.Distribution;
import org.hearth.ringlogs.EncodedEntry;
import org.hearth.ringlogs.LogFigures;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Node;
import org.hearth.ringlogs.ReleaseResult;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.WiringDescription;
import org.junit.jupiter.api.Test;

/// The list of what is parked, asked for again and again.
class ParkingTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final Counting letters = new Counting(DeadLetters.inMemory());
  private Instant now = START;
  private List<String> keys = List.of();
  private long failures;
  private long consumed;

  private final Parking parking =
      new Parking(
          letters,
          new Admin.Wiring(
              WiringDescription.join(List.of()),
              () -> List.of(figures()),
              (_, _, key, _) -> {
                letters.remove(letter(key, 1));
                Reply<ReleaseResult> reply = Reply.pending();
                reply.complete(new ReleaseResult(key, 1, 0, 0));
                return reply;
              }),
          () -> now);

  /// Counts how often all letters are read.
  private static final class Counting implements DeadLetters {
    private final DeadLetters kept;
    private int reads;

    Counting(DeadLetters kept) {
      this.kept = kept;
    }

    @Override
    public void park(DeadLetter letter) {
      kept.park(letter);
    }

    @Override
    public void remove(DeadLetter letter) {
      kept.remove(letter);
    }

    @Override
    public List<DeadLetter> of(String log, String consumer) {
      return kept.of(log, consumer);
    }

    @Override
    public List<DeadLetter> of(String log, String consumer, String partitionKey) {
      return kept.of(log, consumer, partitionKey);
    }

    @Override
    public List<DeadLetter> all() {
      reads++;
      return kept.all();
    }
  }

  @Test
  void lettersAreNotReadAgainWhileTheFiguresAreTheSame() {
    park("!a:hearth.test", 1);
    assertThat(parking.all()).hasSize(1);
    now = START.plusSeconds(3600);

    assertThat(parking.all()).extracting(ParkedEntries::key).containsExactly("!a:hearth.test");

    assertThat(letters.reads).isEqualTo(1);
  }

  @Test
  void anotherParkedKeyAndAnotherFailureShowAtOnce() {
    parking.all();
    park("!a:hearth.test", 1);
    assertThat(parking.all()).hasSize(1);
    letters.park(letter("!a:hearth.test", 2));
    failures++;

    assertThat(parking.all()).extracting(ParkedEntries::entries).containsExactly(2);
  }

  @Test
  void entriesHeldBackBehindAParkedOneShowWithinTenSeconds() {
    park("!a:hearth.test", 1);
    parking.all();
    letters.park(letter("!a:hearth.test", 2));
    consumed++;

    now = START.plusSeconds(9);
    assertThat(parking.all()).extracting(ParkedEntries::entries).containsExactly(1);
    now = START.plusSeconds(10);
    assertThat(parking.all()).extracting(ParkedEntries::entries).containsExactly(2);
  }

  @Test
  void aKeyWhoseLetterIsNotStoredYetIsLookedForAgain() {
    keys = List.of("!a:hearth.test");
    assertThat(parking.all()).isEmpty();
    letters.park(letter("!a:hearth.test", 1));

    assertThat(parking.all()).hasSize(1);
  }

  @Test
  void whatWasReleasedIsGoneAtOnce() {
    park("!a:hearth.test", 1);
    parking.all();

    parking.release("log", "reader", "!a:hearth.test", false);

    assertThat(parking.all()).isEmpty();
  }

  private void park(String key, long position) {
    letters.park(letter(key, position));
    keys = List.of(key);
    failures++;
  }

  private static DeadLetter letter(String key, long position) {
    return new DeadLetter(
        "log",
        "reader",
        key,
        new LogPosition(position),
        new EncodedEntry((short) 1, "{}".getBytes(StandardCharsets.UTF_8)),
        DeadLetter.Reason.FAILED,
        "it was damaged",
        START);
  }

  private LogFigures figures() {
    ConsumerFigures reader =
        new ConsumerFigures(
            "reader",
            ConsumerFigures.State.IDLE,
            consumed,
            LogPosition.ORIGIN,
            0,
            0,
            0,
            0,
            failures,
            "",
            0,
            keys,
            Distribution.NONE,
            Distribution.NONE);
    return new LogFigures(
        "log",
        Node.Kind.OUTPUT_LOG,
        1024,
        consumed,
        LogPosition.ORIGIN,
        0,
        0,
        Duration.ZERO,
        0,
        0,
        List.of(),
        List.of(reader));
  }
}
