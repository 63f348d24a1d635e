package org.hearth.ringlogs;

import java.util.List;

/// Follows an output log and keeps something of its own: a view, an index, a queue.
///
/// **Thread**: the reader's own thread, named `log/reader`, except [#name].
///
/// @param <E> the entry type
public interface LogReader<E> {
  /// The name in figures, thread names and dead letters; unique among the readers of a log and kept
  /// for ever.
  String name();

  /// How far this reader's own data is durable: it is told of the entries after this position.
  /// Asked at the start and after [#onBatch] threw. A reader that keeps its data in memory only
  /// answers where its memory begins.
  LogPosition position();

  /// The next entries, in order, at least one.
  ///
  /// A reader with durable data stores the position of the last entry together with that data, in
  /// one transaction, and never lowers it.
  ///
  /// @throws LostDataException if not only this batch is lost, but also something before it: the
  ///   reader is given again what comes after its [#position]
  /// @throws Exception if the batch could not be handled; then nothing of it may have been kept, or
  ///   [#position] must say what was. The rest is given again, entry by entry ([FailureHandling])
  void onBatch(List<Positioned<E>> batch) throws Exception;

  /// Entries that were held back while their partition key was parked, given after a release. They
  /// may be older than [#position].
  default void onRelease(List<Positioned<E>> entries) throws Exception {
    onBatch(entries);
  }

  /// Whether this reader keeps its data in memory only and can fetch it anew at any time. Then no
  /// entry is ever parked for it: of one that it cannot handle, or that the store cannot read, it
  /// is told by [#onLost], so that no hole is left in its view. The same answer at all times.
  default boolean rebuilds() {
    return false;
  }

  /// Entries after one position up to another will not be given to this reader: what it keeps must
  /// be fetched anew from their owner, as of now or later. Called by a [VolatileLog] for entries
  /// that were overwritten before the reader came to them, by an [OutputLog] for those that its
  /// store had removed by then ([OutputStore#floor]), and by any log if the reader
  /// [rebuilds][#rebuilds].
  ///
  /// @throws Exception if that cannot be done now: it is called again after growing pauses, and the
  ///   reader is shown as stalled, for as long as it takes where [FailureHandling] calls that
  ///   unavailable; if it fails [FailureHandling#MOST_REBUILDS] times otherwise, the reader's
  ///   thread ends, which [LogSet] tells of
  default void onLost(LogPosition after, LogPosition upTo) throws Exception {}

  /// Forgets all that this reader keeps: [#position] is the origin from now on, and every entry of
  /// the log's store is given again. Asked for by [OutputLog#rebuild].
  ///
  /// @throws UnsupportedOperationException if this reader cannot be built anew
  /// @throws Exception if it cannot forget; it goes on where it was
  default void forget() throws Exception {
    throw new UnsupportedOperationException(name() + " cannot be built anew");
  }

  /// The reader's own data has gone back to [#position].
  final class LostDataException extends Exception {
    private static final long serialVersionUID = 1L;

    public LostDataException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
