package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.Recovery.Fetched;

/* Damage

A read that fails for good says that something in its range is damaged, not what. The range is halved until one
position is left: the first half is read; if that succeeds, what is damaged lies in the second, else in the
first. So a damaged entry costs as many reads as its range has binary digits. What was read on the way is
delivered first; then the position that is left is read by itself, and only if that fails it is called
damaged.

A store that cannot even read an empty range is broken as a whole, and waited for. One that only cannot say how
far it has removed entries is not: of what it gives nobody knows whether it is all, so the reader is told that
the range is lost. */

/// Reads entries from the store again, around those that cannot be read.
///
/// **Thread**: its follower's.
final class Rereading<E> {
  /// What was found after a position.
  sealed interface Part<E> {
    /// All entries up to a position.
    record Entries<E>(List<Positioned<E>> entries, LogPosition upTo) implements Part<E> {}

    /// The position right after can never be read.
    record Damaged<E>(LogPosition position, Exception failure) implements Part<E> {}

    /// Up to a position the store has removed some, and nobody knows which.
    record Gone<E>(LogPosition upTo) implements Part<E> {}
  }

  private static final System.Logger LOG = System.getLogger("org.hearth.ringlogs");

  private final String name;
  private final Source.Stored<E> stored;
  private final int limit;
  private final Recovery recovery;

  /// A position that is to be read by itself; the origin if there is none.
  private LogPosition suspect = LogPosition.ORIGIN;

  /// @param name of the consumer, for the server's log
  /// @param limit entries in one read
  Rereading(String name, Source.Stored<E> stored, int limit, Recovery recovery) {
    this.name = name;
    this.stored = stored;
    this.limit = limit;
    this.recovery = recovery;
  }

  /// The next entries.
  Part<E> next(LogPosition after, LogPosition upTo) throws AlertException {
    Part<E> found = find(after, upTo);
    // Asked after the read: what was removed before it is not missed.
    return switch (recovery.fetch("the store", () -> stored.store().floor())) {
      case Fetched.Had<LogPosition>(var floor) ->
          floor.isAfter(after) ? new Part.Gone<>(floor.isAfter(upTo) ? upTo : floor) : found;
      case Fetched.Failed<LogPosition>(var failure) -> {
        LOG.log(
            Level.ERROR,
            () ->
                "%s: nobody knows which entries after %s were removed, so all count as lost up to %s"
                    .formatted(name, after, upTo),
            failure);
        yield new Part.Gone<>(upTo);
      }
    };
  }

  private Part<E> find(LogPosition after, LogPosition upTo) throws AlertException {
    LogPosition next = after.plus(1);
    boolean alone = next.equals(suspect) || next.equals(upTo);
    return switch (read(after, alone ? next : upTo)) {
      case Fetched.Had<List<Positioned<E>>>(var entries) -> part(entries, alone ? next : upTo);
      case Fetched.Failed<List<Positioned<E>>>(var failure) -> {
        recovery.insist("the store", () -> stored.read(after, after, 1));
        yield alone ? new Part.Damaged<>(next, failure) : narrow(after, upTo);
      }
    };
  }

  /// What can be read before the first damaged position, which becomes the suspect.
  private Part<E> narrow(LogPosition after, LogPosition upTo) throws AlertException {
    List<Positioned<E>> whole = new ArrayList<>();
    LogPosition low = after;
    LogPosition high = upTo;
    while (high.isAfter(low.plus(1))) {
      LogPosition middle = low.plus((high.value() - low.value()) / 2);
      switch (read(low, middle)) {
        case Fetched.Had<List<Positioned<E>>>(var entries) -> {
          whole.addAll(entries);
          low = middle;
          if (entries.size() == limit) {
            return part(whole, middle);
          }
        }
        case Fetched.Failed<List<Positioned<E>>> _ -> high = middle;
      }
    }
    suspect = high;
    return new Part.Entries<>(whole, low);
  }

  /// What a read of up to `limit` entries has shown.
  private Part<E> part(List<Positioned<E>> entries, LogPosition upTo) {
    return new Part.Entries<>(
        entries, entries.size() < limit ? upTo : entries.getLast().position());
  }

  private Fetched<List<Positioned<E>>> read(LogPosition after, LogPosition upTo)
      throws AlertException {
    recovery.checkHalted();
    return recovery.fetch("the store", () -> stored.read(after, upTo, limit));
  }
}
