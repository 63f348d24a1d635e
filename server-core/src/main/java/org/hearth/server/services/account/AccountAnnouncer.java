package org.hearth.server.services.account;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.EncodedEntry;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.store.Announcement;
import org.hearth.server.store.Committer;
import org.hearth.server.store.RowChange;

/// Commits what the services decided, and announces it on account-output: the rows, the entries and
/// a copy of the entries for readers that the ring has left behind, all in one unit.
///
/// **thread**: any; a call waits for the commit.
public final class AccountAnnouncer {
  private final Committer committer;
  private final OutputLog<AccountOutput> log;
  private final InstantSource clock;

  /// Writes to that log.
  public AccountAnnouncer(Committer committer, OutputLog<AccountOutput> log, InstantSource clock) {
    this.committer = committer;
    this.log = log;
    this.clock = clock;
  }

  /// Commits one decision and returns when it is durable and announced.
  ///
  /// @param owner who decided, for logs and errors
  /// @param changes rows that collide with nobody else's, see [TurnPerKey]; a change bound to the
  ///   unit's first position plus i bears the position of entry i
  /// @return the position of the last entry, or, without entries, the last position given before
  /// @throws org.hearth.server.store.StorageException if it is not committed
  public LogPosition commit(
      String owner, List<RowChange> changes, List<? extends AccountOutput> entries) {
    List<RowChange> rows = new ArrayList<>(changes);
    List<Announcement<?>> announcements = new ArrayList<>(entries.size());
    long now = clock.millis();
    for (int i = 0; i < entries.size(); i++) {
      AccountOutput entry = entries.get(i);
      rows.add(AccountJournal.row(EncodedEntry.of(log.spec().codec(), entry), i, now));
      announcements.add(new Announcement<>(i, log, entry));
    }
    LogPosition first = committer.commit(owner, rows, announcements);
    return entries.isEmpty() ? first : first.plus(entries.size() - 1L);
  }
}
