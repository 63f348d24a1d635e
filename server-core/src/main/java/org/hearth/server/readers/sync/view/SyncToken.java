package org.hearth.server.readers.sync.view;

import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.error.MatrixException;

/// A point between two entries of the server's one order of events, as clients carry it: `since`,
/// `next_batch`, `prev_batch`, `from`, `to`, `at`, `start` and `end` are all this and may be used
/// for one another.
///
/// **Shape:** `s<position>`, followed by any number of parts `_<letter><text>`. A part says more
/// about the moment; a reader ignores the parts it does not know, so that a token of a later
/// release, which says more (what is volatile, such as typing, has no position), is understood by
/// an earlier one and the other way round.
///
/// | text         | meaning                                                                   |
/// |--------------|---------------------------------------------------------------------------|
/// | `s0`         | before everything                                                         |
/// | `s120`       | after the entry at position 120, before the one at 121                    |
/// | `s120_e2`    | the same in the database's epoch 2: it has gone back in time twice before |
/// | `s0_h77`     | before the event of history whose place is -77                            |
/// | `s120_e2_v3` | the same point; part `v` belongs to something that is not known here      |
///
/// @param epoch of the history that the position is in
/// @param history how far before the live timeline; the point is just before the event of history
///   whose place is the negative of this. 0 for a point in the live timeline
public record SyncToken(LogPosition position, long epoch, long history) {
  private static final char EPOCH = 'e';
  private static final char HISTORY = 'h';
  private static final int LONGEST = 255;
  private static final int MOST_DIGITS = 18;

  /// A point in the live timeline.
  SyncToken(LogPosition position, long epoch) {
    this(position, epoch, 0);
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
    for (int i = 1; i < parts.length; i++) {
      String part = parts[i];
      if (part.isEmpty() || part.charAt(0) < 'a' || part.charAt(0) > 'z') {
        return Optional.empty();
      }
      if (part.charAt(0) == HISTORY) {
        if (!isNumber(part.substring(1))) {
          return Optional.empty();
        }
        history = Long.parseLong(part.substring(1));
      }
      if (part.charAt(0) == EPOCH) {
        if (!isNumber(part.substring(1))) {
          return Optional.empty();
        }
        epoch = Long.parseLong(part.substring(1));
      }
    }
    return Optional.of(new SyncToken(new LogPosition(Long.parseLong(parts[0])), epoch, history));
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty()
        && text.length() <= MOST_DIGITS
        && text.chars().allMatch(each -> each >= '0' && each <= '9');
  }

  @Override
  public String toString() {
    return "s"
        + position.value()
        + (epoch == 0 ? "" : "_" + EPOCH + epoch)
        + (history == 0 ? "" : "_" + HISTORY + history);
  }
}
