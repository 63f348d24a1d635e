package org.hearth.server.readers.sync.view;

import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// Follows account-output: wakes a user whose account data changed, and ends the waiting requests
/// of a device that is gone.
///
/// **Thread:** the log's for this reader.
public final class AccountOutputReader implements LogReader<AccountOutput> {
  private final SyncUsers users;
  private volatile LogPosition position;

  public AccountOutputReader(SyncUsers users, LogPosition start) {
    this.users = users;
    this.position = start;
  }

  @Override
  public String name() {
    return Snapshots.READER;
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
  public void onBatch(List<Positioned<AccountOutput>> batch) {
    for (Positioned<AccountOutput> each : batch) {
      take(each.position(), each.entry());
      position = each.position();
    }
  }

  /// Account data may have changed and devices may be gone without being seen here: all who wait
  /// are answered, and come back with a token that is checked.
  @Override
  public void onLost(LogPosition after, LogPosition upTo) {
    position = upTo.isAfter(position) ? upTo : position;
    users.onLost();
    users.all().forEach(feed -> feed.waiting().forEach(WaitingSync::end));
  }

  /// Entries that were held back before this reader said that it keeps memory only: they were lost.
  @Override
  public void onRelease(List<Positioned<AccountOutput>> entries) {
    onLost(entries.getFirst().position(), position);
  }

  private void take(LogPosition at, AccountOutput entry) {
    switch (entry) {
      case AccountOutput.AccountDataChanged changed -> {
        @Nullable UserFeed feed = users.known(changed.user().value());
        if (feed != null) {
          feed.accountDataChanged(at);
          feed.wake();
        }
      }
      case AccountOutput.DeviceRemoved removed -> {
        @Nullable UserFeed feed = users.known(removed.user().value());
        if (feed != null) {
          feed.waiting().forEach(each -> endIf(each.isOf(removed.device()), each));
        }
      }
      case AccountOutput.AccountDeactivated closed -> end(closed.user());
      case AccountOutput.AccountCreated _,
          AccountOutput.DeviceAdded _,
          AccountOutput.DeviceChanged _,
          AccountOutput.ProfileChanged _,
          AccountOutput.AliasAdded _,
          AccountOutput.AliasRemoved _,
          AccountOutput.RoomPublished _ -> {
        // Nothing that a sync response tells.
      }
    }
  }

  private void end(UserId user) {
    @Nullable UserFeed feed = users.known(user.value());
    if (feed != null) {
      feed.waiting().forEach(each -> endIf(true, each));
    }
  }

  private static void endIf(boolean gone, WaitingSync waiting) {
    if (gone) {
      waiting.end(MatrixException.unknownToken(false));
    }
  }
}
