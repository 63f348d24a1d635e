package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import org.hearth.ringlogs.DeadLetter;
import org.hearth.ringlogs.DeadLetter.Label;
import org.hearth.ringlogs.DeadLetter.Reason;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.EncodedEntry;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.LogPosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class StoredDeadLettersTest {
  private static final Instant AT = Instant.ofEpochMilli(1_000);

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  @Test
  void lettersOutliveARestartInOrder() {
    DeadLetters letters = stores.store().deadLetters();
    letters.park(letter("push", "!b", 9, Reason.HELD_BACK, ""));
    letters.park(letter("push", "!b", 7, Reason.FAILED, "it broke"));
    letters.park(letter("push", "!a", 8, Reason.FAILED, "it broke"));
    letters.park(letter("search", "!a", 1, Reason.FAILED, "it broke"));

    DeadLetters reopened = stores.reopen().deadLetters();

    assertThat(reopened.all())
        .containsExactly(
            letter("push", "!b", 7, Reason.FAILED, "it broke"),
            letter("push", "!a", 8, Reason.FAILED, "it broke"),
            letter("push", "!b", 9, Reason.HELD_BACK, ""),
            letter("search", "!a", 1, Reason.FAILED, "it broke"));
    assertThat(reopened.of("room-output", "search")).hasSize(1);
    assertThat(reopened.of("room-output", "push", "!b")).hasSize(2);
  }

  @Test
  void letterOfTheSameIdentityIsReplaced() {
    DeadLetters letters = stores.store().deadLetters();
    letters.park(letter("push", "!a", 7, Reason.HELD_BACK, ""));

    letters.park(letter("push", "!a", 7, Reason.FAILED, "again"));

    assertThat(letters.all()).containsExactly(letter("push", "!a", 7, Reason.FAILED, "again"));
  }

  @Test
  void removedLetterIsGoneAndRemovingItAgainIsNoError() {
    DeadLetters letters = stores.store().deadLetters();
    DeadLetter letter = letter("push", "!a", 7, Reason.FAILED, "it broke");
    letters.park(letter);

    letters.remove(letter.label());
    letters.remove(letter.label());

    assertThat(letters.all()).isEmpty();
  }

  @Test
  void longFailureAndLargeEntryAreKept() {
    DeadLetters letters = stores.store().deadLetters();
    DeadLetter large =
        new DeadLetter(
            "room-input",
            "room-input",
            "!a",
            LogPosition.ORIGIN,
            new EncodedEntry(3, new byte[1 << 20]),
            Reason.FAILED,
            "x".repeat(100_000),
            Instant.ofEpochMilli(5));

    letters.park(large);

    DeadLetter kept = letters.all().getFirst();
    assertThat(kept.entry()).isEqualTo(large.entry());
    assertThat(kept.failure()).hasSize(32_000);
  }

  @Test
  void letterThatIsTooLargeFailsForGoodAndDisturbsNobody() {
    DeadLetters letters = stores.store().deadLetters();
    DeadLetter large =
        new DeadLetter(
            "room-input",
            "room-input",
            "!a",
            LogPosition.ORIGIN,
            new EncodedEntry(3, new byte[(64 << 20) + 1]),
            Reason.FAILED,
            "",
            Instant.ofEpochMilli(5));

    for (DeadLetter each : List.of(large, letter("push", "!" + "a".repeat(1024), 7))) {
      assertThatThrownBy(() -> letters.park(each))
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.isUnavailable()).isFalse());
    }
    assertThat(stores.store().figures().repeatedCommits()).isZero();
  }

  @Test
  void whatIsParkedIsListedByKeyWithoutTheEntries() {
    DeadLetters letters = stores.store().deadLetters();
    letters.park(letter("push", "!b", 9, Reason.HELD_BACK, ""));
    letters.park(letter("push", "!b", 7, Reason.FAILED, "it broke"));
    letters.park(letter("push", "!a", 8, Reason.FAILED, "it broke too"));
    letters.park(letter("search", "!a", 1, Reason.FAILED, "it broke"));

    assertThat(stores.store().parkedKeys(2))
        .containsExactly(
            new ParkedKey("room-output", "push", "!b", 2, "it broke", AT),
            new ParkedKey("room-output", "push", "!a", 1, "it broke too", AT));
    assertThat(stores.store().parkedKeys(500)).hasSize(3);
  }

  private void damage(String change) {
    stores
        .store()
        .committer()
        .commit(
            "test",
            List.of(RowChange.of(StoredDeadLetters.DEAD_LETTER, change, (_, _) -> {})),
            List.of());
  }

  @Test
  void damagedLetterCostsItselfOnlyAndCanBeRemoved() {
    DeadLetters letters = stores.store().deadLetters();
    DeadLetter sound = letter("push", "!a", 8, Reason.FAILED, "it broke");
    letters.park(letter("push", "!b", 7, Reason.HELD_BACK, ""));
    letters.park(sound);
    letters.park(letter("push", "!c", 9));
    damage("UPDATE dead_letter SET reason = 'LOST' WHERE position = 7");
    damage("UPDATE dead_letter SET position = -9 WHERE position = 9");

    List<Label> labels = letters.of("room-output", "push");

    assertThat(labels)
        .containsExactly(
            new Label(
                "room-output", "push", "!c", LogPosition.ORIGIN, Reason.FAILED, "it broke", AT),
            new Label("room-output", "push", "!b", new LogPosition(7), Reason.FAILED, "", AT),
            sound.label());
    assertThatThrownBy(() -> letters.read(labels.get(0))).hasMessageContaining("-9");
    assertThatThrownBy(() -> letters.read(labels.get(1))).hasMessageContaining("LOST");
    assertThat(letters.read(labels.get(2))).isEqualTo(sound);

    letters.remove(labels.get(0));
    letters.remove(labels.get(1));

    assertThat(letters.all()).containsExactly(sound);
  }

  private static DeadLetter letter(String consumer, String key, long position) {
    return letter(consumer, key, position, Reason.FAILED, "it broke");
  }

  private static DeadLetter letter(
      String consumer, String key, long position, Reason reason, String failure) {
    return new DeadLetter(
        "room-output",
        consumer,
        key,
        new LogPosition(position),
        new EncodedEntry(1, new byte[] {1, 2, 3}),
        reason,
        failure,
        AT);
  }
}
