package org.hearth.ringlogs;

import java.util.List;

/// The reader of somebody who keeps in memory only what the entries say, or keeps nothing, and can
/// fetch it anew at any time. What is done with the entries is the [View]'s.
///
/// **Thread**: as [LogReader] has it; [#position] any.
///
/// @param <E> the entry type
public final class MemoryReader<E> implements LogReader<E> {
  private final String name;
  private final View<E> view;
  private volatile LogPosition position;

  /// What a reader does with entries. **Thread**: the reader's.
  ///
  /// @param <E> the entry type
  public interface View<E> {
    /// Takes in the next entry.
    ///
    /// @throws Exception if it cannot be taken in; it is given again, or [#renew] is called. What
    ///   was done before may be done twice
    void take(LogPosition at, E entry) throws Exception;

    /// All entries of a batch have been taken in. After one that could not be, this comes with the
    /// next batch or is left to [#renew]. It throws nothing.
    default void batchTaken() {}

    /// Entries up to a position were not seen here: fetches what is kept anew, as of now or later.
    ///
    /// @throws Exception if that cannot be done now; it is called again, see [LogReader#onLost]
    void renew(LogPosition upTo) throws Exception;
  }

  /// @param name unique among the readers of the log, see [LogReader#name]
  /// @param start where the view's memory begins; that of a [VolatileLog] is always the origin
  public MemoryReader(String name, LogPosition start, View<E> view) {
    this.name = name;
    this.position = start;
    this.view = view;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public LogPosition position() {
    return position;
  }

  @Override
  public boolean rebuilds() {
    return true;
  }

  @Override
  public void onBatch(List<Positioned<E>> batch) throws Exception {
    for (Positioned<E> each : batch) {
      view.take(each.position(), each.entry());
      position = each.position();
    }
    view.batchTaken();
  }

  /// Entries that were held back before this reader said that it keeps memory only: they were lost.
  @Override
  public void onRelease(List<Positioned<E>> entries) throws Exception {
    view.renew(position);
  }

  @Override
  public void onLost(LogPosition after, LogPosition upTo) throws Exception {
    LogPosition reached = upTo.isAfter(position) ? upTo : position;
    view.renew(reached);
    position = reached;
  }
}
