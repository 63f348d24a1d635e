package org.hearth.ringlogs;

import java.util.List;

/// What a follower does about entries that the ring does not hold any more.
sealed interface Source<E> {
  /// Reads them again.
  record Stored<E>(OutputStore<E> store) implements Source<E> {
    /// The next entries, checked: a store that answers out of order would be believed for ever.
    List<Positioned<E>> read(LogPosition after, LogPosition upTo, int limit) throws Exception {
      List<Positioned<E>> entries = store.read(after, upTo, limit);
      LogPosition last = after;
      for (Positioned<E> each : entries) {
        if (!each.position().isAfter(last) || each.position().isAfter(upTo)) {
          throw new IllegalStateException(
              "asked for entries after %s up to %s, the store gave %s after %s"
                  .formatted(after, upTo, each.position(), last));
        }
        last = each.position();
      }
      if (entries.size() > limit) {
        throw new IllegalStateException(
            "asked for %d entries, the store gave %d".formatted(limit, entries.size()));
      }
      return entries;
    }
  }

  /// Tells the reader that they are lost.
  record Nowhere<E>() implements Source<E> {}
}
