package org.hearth.server.readers.tokens;

import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.matrix.error.MatrixException;

/// A point between two entries of the server's one order of events, as clients carry it: `since`,
/// `next_batch`, `prev_batch`, `from`, `to`, `at`, `start` and `end` are all this and may be used
/// for one another.
///
/// **Shape:** `s<position>`, followed by any number of parts `_<letter><text>`. A part says more
/// about the moment; a reader ignores the parts it does not know, so that a token of a later
/// release is understood by an earlier one and the other way round.
///
/// | text                        | meaning                                                          |
/// |-----------------------------|------------------------------------------------------------------|
/// | `s0`                        | before everything                                                |
/// | `s120`                      | after the entry at position 120, before the one at 121           |
/// | `s120_e2`                   | the same in the database's epoch 2: it has gone back in time     |
/// |                             | twice before                                                     |
/// | `s0_h77`                    | before the event of history whose place is -77                   |
/// | `s120_t17-4`                | and after the entry at 4, in the run 17, of the volatile log `t` |
/// | `s120_rcbf29ce484222325-80` | but of the room whose id has that hash only up to 80, because it |
/// |                             | could not be read since                                          |
/// | `s120_e2_v3`                | `s120_e2`; the part `v` belongs to something that is not known   |
///
/// @param epoch of the history that the position is in
/// @param history how far before the live timeline; the point is just before the event of history
///   whose place is the negative of this. 0 for a point in the live timeline
public record SyncToken(SyncPoint point, long epoch, long history) {
  private static final char EPOCH = 'e';
  private static final char HISTORY = 'h';
  private static final char HELD_BACK = 'r';
  private static final int LONGEST = 4_000;
  private static final int MOST_DIGITS = 18;
  private static final int HASH_DIGITS = 16;

  /// A point in the live timeline.
  public SyncToken(LogPosition position, long epoch) {
    this(new SyncPoint(position), epoch, 0);
  }

  /// What is committed up to that point.
  public LogPosition position() {
    return point.position();
  }

  /// The greatest place in a room's timeline that is before this point; see `RoomEvent`.
  public long placeBefore() {
    return history == 0 ? position().value() : -history - 1;
  }

  /// The least place in a room's timeline that is after this point.
  public long placeAfter() {
    return history == 0 ? position().value() + 1 : -history;
  }

  /// Reads what a client sent in the query parameter of that name.
  ///
  /// @throws MatrixException `M_INVALID_PARAM` if the text is not a token
  public static SyncToken parse(String parameter, String text) {
    return read(text)
        .orElseThrow(() ->
            MatrixException.invalidParam(parameter + " is not a token that this server gave"));
  }

  private static Optional<SyncToken> read(String text) {
    if (text.length() > LONGEST || !text.startsWith("s")) {
      return Optional.empty();
    }
    String[] parts = text.substring(1).split("_", -1);
    if (!isNumber(parts[0])) {
      return Optional.empty();
    }
    long epoch = 0;
    long history = 0;
    Map<Character, VolatilePosition> volatiles = new HashMap<>();
    Map<SyncPoint.HeldBack, LogPosition> heldBack = new HashMap<>();
    for (int i = 1; i < parts.length; i++) {
      if (parts[i].isEmpty() || parts[i].charAt(0) < 'a' || parts[i].charAt(0) > 'z') {
        return Optional.empty();
      }
      char letter = parts[i].charAt(0);
      String value = parts[i].substring(1);
      boolean number = letter == EPOCH || letter == HISTORY;
      if (number && !isNumber(value)) {
        return Optional.empty();
      }
      switch (letter) {
        case EPOCH -> epoch = Long.parseLong(value);
        case HISTORY -> history = Long.parseLong(value);
        case HELD_BACK -> readHeldBack(value, heldBack);
        default -> readVolatile(letter, value, volatiles);
      }
    }
    LogPosition position = new LogPosition(Long.parseLong(parts[0]));
    return Optional.of(new SyncToken(new SyncPoint(position, volatiles, heldBack), epoch, history));
  }

  private static void readHeldBack(String value, Map<SyncPoint.HeldBack, LogPosition> heldBack) {
    int dash = value.indexOf('-');
    String hash = value.substring(0, Math.max(0, dash));
    String known = value.substring(dash + 1);
    if (hash.length() == HASH_DIGITS
        && hash.chars().allMatch(SyncToken::isHex)
        && isNumber(known)) {
      heldBack.put(new SyncPoint.HeldBack(HexFormat.fromHexDigitsToLong(hash)), position(known));
    }
  }

  private static void readVolatile(
      char letter, String value, Map<Character, VolatilePosition> volatiles) {
    int dash = value.indexOf('-');
    String run = value.substring(0, Math.max(0, dash));
    String known = value.substring(dash + 1);
    if (isNumber(run) && isNumber(known)) {
      volatiles.put(letter, new VolatilePosition(Long.parseLong(run), position(known)));
    }
  }

  private static boolean isHex(int each) {
    return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'f');
  }

  private static LogPosition position(String digits) {
    return new LogPosition(Long.parseLong(digits));
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty()
        && text.length() <= MOST_DIGITS
        && text.chars().allMatch(each -> each >= '0' && each <= '9');
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("s").append(position().value());
    if (epoch != 0) {
      text.append('_').append(EPOCH).append(epoch);
    }
    if (history != 0) {
      text.append('_').append(HISTORY).append(history);
    }
    new TreeMap<>(point.volatiles())
        .forEach((letter, at) ->
            text.append('_')
                .append(letter)
                .append(at.epoch())
                .append('-')
                .append(at.position().value()));
    point
        .heldBack()
        .forEach((what, known) ->
            text.append('_')
                .append(HELD_BACK)
                .append(HexFormat.of().toHexDigits(what.hash()))
                .append('-')
                .append(known.value()));
    return text.toString();
  }
}
