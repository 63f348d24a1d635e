package org.hearth.server.store;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;

/// Commits what one box decided, and announces it: the rows, the entries and their copies in the
/// [Journal], all in one unit.
///
/// **Thread**: any; a call of [#commit] waits for the commit.
///
/// @param <E> the entries of the log that the box writes
public final class JournalWriter<E> {
  private final String box;
  private final Journal journal;
  private final OutputLog<E> log;
  private final LongAdder written = new LongAdder();

  JournalWriter(String box, Journal journal, OutputLog<E> log) {
    this.box = box;
    this.journal = journal;
    this.log = log;
  }

  /// The name of the box.
  public String box() {
    return box;
  }

  /// The log that it writes.
  public OutputLog<E> log() {
    return log;
  }

  /// How many entries it has written since the start.
  public long written() {
    return written.sum();
  }

  /// Commits one decision and returns when it is durable and announced.
  ///
  /// @param changes rows that collide with nobody else's: decisions about one key are made in
  ///   turns. A change bound to the unit's first position plus i bears the position of entry i
  /// @return the position of the last entry, or, without entries, the last position given before
  /// @throws StorageException if it is not committed
  /// @throws IllegalArgumentException if an entry is larger than the journal holds
  public LogPosition commit(List<RowChange> changes, List<? extends E> entries) {
    return commit(changes, entries, () -> {});
  }

  /// The same for rows that are remembered elsewhere.
  ///
  /// @param forget drops what is remembered of these rows; run in any case before this returns or
  ///   throws. A unit that was given up may still be committed: then it is run once more, on a
  ///   thread of its own, after that commit
  public LogPosition commit(List<RowChange> changes, List<? extends E> entries, Runnable forget) {
    Forgetting forgetting = new Forgetting(forget);
    UnitOwner owner = new UnitOwner(box);
    LogPosition first;
    try {
      first =
          journal.committer().commit(unit(owner, owner.generation(), changes, entries, forgetting));
    } finally {
      forgetting.returned();
    }
    written.add(entries.size());
    return entries.isEmpty() ? first : first.plus(entries.size() - 1L);
  }

  /// Hands over one decision of a server, which goes on without waiting. Units of one owner are
  /// committed in the order in which they are handed over.
  ///
  /// @param generation see [UnitOwner]
  /// @param outcome hears what became of it
  /// @throws StorageException if it is not taken
  /// @throws IllegalArgumentException if an entry is larger than the journal holds
  public void submit(
      UnitOwner owner,
      long generation,
      List<RowChange> changes,
      List<? extends E> entries,
      Outcome outcome) {
    Outcome counting = Outcome.of(_ -> written.add(entries.size()), _ -> {});
    journal
        .committer()
        .submit(unit(owner, generation, changes, entries, Outcome.both(counting, outcome)));
  }

  private UnitOfWork unit(
      UnitOwner owner,
      long generation,
      List<RowChange> changes,
      List<? extends E> entries,
      Outcome outcome) {
    List<RowChange> rows = new ArrayList<>(changes);
    List<Announcement<?>> announcements = new ArrayList<>(entries.size());
    for (int i = 0; i < entries.size(); i++) {
      E entry = entries.get(i);
      rows.add(journal.row(log.spec(), entry, i));
      announcements.add(new Announcement<>(i, log, entry));
    }
    return new UnitOfWork(owner, generation, rows, announcements, outcome);
  }

  /// Drops what is remembered when who committed it returns, and again when it is committed later.
  private static final class Forgetting implements Outcome {
    private final Runnable forget;
    private volatile boolean returned;

    Forgetting(Runnable forget) {
      this.forget = forget;
    }

    void returned() {
      returned = true;
      forget.run();
    }

    @Override
    public void durable(LogPosition first) {
      // Else it is run after this by who waits.
      if (returned) {
        // The committer does not wait for a cache whose value is being read.
        var _ = Thread.startVirtualThread(forget);
      }
    }

    @Override
    public void committed(LogPosition first) {}

    @Override
    public void failed(StorageException failure) {}
  }
}
