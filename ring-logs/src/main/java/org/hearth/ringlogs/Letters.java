package org.hearth.ringlogs;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import org.hearth.ringlogs.DeadLetter.Reason;

/// Writes the dead letters of one consumer. Nothing that an entry or its codec throws gets out of
/// here, except errors of the virtual machine.
///
/// **Thread**: the consumer's own.
final class Letters<E> {
  private static final int LONGEST_FAILURE = 2_000;

  /// Characters of an entry's text in a shortened letter.
  static final int LONGEST_TEXT = 4_000;

  private final LogSpec<E> spec;
  private final String consumer;
  private final InstantSource clock;

  Letters(LogSpec<E> spec, String consumer, InstantSource clock) {
    this.spec = spec;
    this.consumer = consumer;
    this.clock = clock;
  }

  DeadLetter failed(String key, LogPosition position, E entry, Exception failure) {
    return whole(key, position, entry, Reason.FAILED, describe(failure));
  }

  DeadLetter heldBack(String key, LogPosition position, E entry) {
    return whole(key, position, entry, Reason.HELD_BACK, "");
  }

  private DeadLetter whole(
      String key, LogPosition position, E entry, Reason reason, String failure) {
    try {
      return letter(key, position, EncodedEntry.of(spec.codec(), entry), reason, failure);
    } catch (RuntimeException | AssertionError | LinkageError | StackOverflowError e) {
      // A defect of the codec must not hide the entry: a person can read this, no codec can.
      return letter(
          key, position, text(textOf(entry)), reason, failure + "; not encodable: " + describe(e));
    }
  }

  /// A letter of an entry that the store cannot read.
  DeadLetter unreadable(String key, LogPosition position, Exception failure) {
    return letter(
        key,
        position,
        text("The store could not read this entry."),
        Reason.FAILED,
        describe(failure));
  }

  /// A letter that stands for an entry and all later ones of its key.
  DeadLetter rest(String key, LogPosition position) {
    return rest(key, position, "");
  }

  /// A letter that stands for what is left of a rest, whose first entry failed.
  DeadLetter restAgain(String key, LogPosition position, Exception failure) {
    return rest(key, position, describe(failure));
  }

  private DeadLetter rest(String key, LogPosition position, String failure) {
    return letter(
        key,
        position,
        text("This entry and all later ones of the key are held back without letters."),
        Reason.REST,
        failure);
  }

  /// The head of an entry's text in place of the entry.
  DeadLetter shortened(DeadLetter letter, E entry, Exception refused) {
    String whole = textOf(entry);
    String head = whole.substring(0, Math.min(LONGEST_TEXT, whole.length()));
    String cut =
        "%s%n[%,d of %,d characters; %,d bytes encoded]"
            .formatted(head, head.length(), whole.length(), letter.entry().bytes().length);
    String failure = letter.failure() + "; not kept whole: " + describe(refused);
    return new DeadLetter(
        letter.log(),
        letter.consumer(),
        letter.partitionKey(),
        letter.position(),
        text(cut),
        letter.reason(),
        failure,
        letter.parkedAt());
  }

  /// A letter whose entry failed again.
  DeadLetter failedAgain(DeadLetter letter, Exception failure) {
    return letter(
        letter.partitionKey(), letter.position(), letter.entry(), Reason.FAILED, describe(failure));
  }

  private DeadLetter letter(
      String key, LogPosition position, EncodedEntry entry, Reason reason, String failure) {
    return new DeadLetter(
        spec.name(), consumer, key, position, entry, reason, failure, clock.instant());
  }

  private static EncodedEntry text(String text) {
    return new EncodedEntry(EncodedEntry.TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  private static String textOf(Object entry) {
    try {
      return String.valueOf(entry);
    } catch (RuntimeException | AssertionError | LinkageError | StackOverflowError e) {
      return "%s, which has no text: %s".formatted(entry.getClass().getName(), describe(e));
    }
  }

  /// Class, message and place of a failure and its causes, in one line of bounded length.
  private static String describe(Throwable failure) {
    StringBuilder text = new StringBuilder();
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (!text.isEmpty()) {
        text.append("; caused by ");
      }
      text.append(each);
      if (each.getStackTrace().length > 0) {
        text.append(" at ").append(each.getStackTrace()[0]);
      }
      if (text.length() > LONGEST_FAILURE) {
        return text.substring(0, LONGEST_FAILURE);
      }
    }
    return text.toString();
  }
}
