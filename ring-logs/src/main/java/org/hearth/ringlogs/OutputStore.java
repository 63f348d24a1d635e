package org.hearth.ringlogs;

import java.util.List;

/// The durable form of one output log: where its entries can be read again.
///
/// **Thread**: each reader's thread.
///
/// @param <E> the entry type
@FunctionalInterface
public interface OutputStore<E> {
  /// The first entries after a position.
  ///
  /// What has been published must be found here: an entry is committed before it is published.
  ///
  /// @param after exclusive
  /// @param upTo inclusive
  /// @param limit at most so many entries
  /// @return in the order of their positions, without holes; fewer than `limit` only if there are
  ///   no more in the range
  /// @throws Exception if the entries cannot be read; [FailureHandling] says whether that is so now
  ///   or for good. For good: the range is narrowed until the entry that is damaged is alone
  List<Positioned<E>> read(LogPosition after, LogPosition upTo, int limit) throws Exception;

  /// Up to here entries have been removed and cannot be read: a reader that is further behind is
  /// told that they are lost ([LogReader#onLost]). It never sinks. A store that removes nothing
  /// answers with the origin.
  ///
  /// @throws Exception if that cannot be told; if it is so for good, a reader that is behind is
  ///   told that what it missed is lost
  default LogPosition floor() throws Exception {
    return LogPosition.ORIGIN;
  }
}
