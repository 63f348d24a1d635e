package org.hearth.server.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/// Looks through a list in the database part by part, so that a long one is never in memory whole.
///
/// @param <K> what the list is ordered by
/// @param <S> what the database has
/// @param <T> what is told of it
/// @param parts reads the next of them
/// @param key of one
/// @param told what is told of one
record Scan<K, S, T>(Parts<K, S> parts, Function<S, K> key, Function<S, T> told) {
  /// One more than a page of the panel, so that a page takes one look.
  private static final int AT_A_TIME = 501;

  /// Reads the next part of a list.
  interface Parts<K, S> {
    /// The next part, in the list's order.
    ///
    /// @param after the last one of the part before; empty to begin
    /// @param limit how many at most; fewer are the end of the list
    List<S> next(Optional<K> after, int limit);
  }

  /// The next ones that are wanted.
  ///
  /// @param after the last one of the page before; empty to begin
  /// @param limit how many at most
  Page<T> page(Optional<K> after, int limit, Predicate<T> wanted) {
    List<T> found = new ArrayList<>();
    Optional<K> last = after;
    while (true) {
      List<S> part = parts.next(last, AT_A_TIME);
      for (S each : part) {
        T item = told.apply(each);
        if (wanted.test(item)) {
          if (found.size() == limit) {
            return new Page<>(found, true);
          }
          found.add(item);
        }
        last = Optional.of(key.apply(each));
      }
      if (part.size() < AT_A_TIME) {
        return new Page<>(found, false);
      }
    }
  }
}
