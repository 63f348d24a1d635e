package org.hearth.server.readers.sync.view;

import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.MemoryReader;

/// Follows a log for those who sync: notes what each entry brings, and wakes whom a batch concerns
/// when all of it is noted.
///
/// **Thread:** the log's for this reader.
public final class NewsReader {
  /// The name of the readers, in figures and in the order between readers.
  public static final String NAME = "client-sync";

  private NewsReader() {}

  /// What is noted of one log, in memory only. **Thread:** the reader's.
  ///
  /// @param <E> the log's entries
  @FunctionalInterface
  public interface Notes<E> {
    /// Notes an entry's news.
    ///
    /// @param concerned takes those whom it concerns: they are woken when all of a batch is noted
    void note(LogPosition at, E entry, Concerned concerned);

    /// Entries up to a position were lost: what this notes beside the feeds is forgotten. The feeds
    /// look into the database after that.
    default void forget(LogPosition upTo) {}
  }

  /// A reader of the name [#NAME].
  ///
  /// @param start the last position that was committed before the log is started; of a volatile log
  ///   the origin
  public static <E> LogReader<E> of(SyncUsers users, LogPosition start, Notes<E> notes) {
    return new MemoryReader<>(NAME, start, new Waking<>(users, notes));
  }

  private static final class Waking<E> implements MemoryReader.View<E> {
    private final SyncUsers users;
    private final Notes<E> notes;
    private final Concerned concerned;

    Waking(SyncUsers users, Notes<E> notes) {
      this.users = users;
      this.notes = notes;
      this.concerned = users.concerned();
    }

    @Override
    public void take(LogPosition at, E entry) {
      notes.note(at, entry, concerned);
    }

    @Override
    public void batchTaken() {
      concerned.wake();
    }

    @Override
    public void renew(LogPosition upTo) {
      notes.forget(upTo);
      concerned.clear();
      users.onLost();
    }
  }
}
