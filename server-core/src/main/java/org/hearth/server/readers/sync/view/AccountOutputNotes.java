package org.hearth.server.readers.sync.view;

import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// What is noted of account-output: whose account data changed, and whom other devices of a user
/// concern. The waiting requests of a device that is gone are ended.
///
/// **Thread:** the log's for its [NewsReader].
public final class AccountOutputNotes implements NewsReader.Notes<AccountOutput> {
  private final SyncUsers users;

  public AccountOutputNotes(SyncUsers users) {
    this.users = users;
  }

  @Override
  public void note(LogPosition at, AccountOutput entry, Concerned concerned) {
    switch (entry) {
      case AccountOutput.AccountDataChanged changed -> {
        @Nullable UserFeed feed = users.known(changed.user().value());
        if (feed != null) {
          feed.note(OwnNews.ACCOUNT_DATA, at);
          concerned.add(feed);
        }
      }
      case AccountOutput.DeviceRemoved removed -> {
        @Nullable UserFeed feed = users.known(removed.user().value());
        if (feed != null) {
          feed.waiting().forEach(each -> endIf(each.isOf(removed.device()), each));
          feed.forgetDevice(removed.device());
        }
        devicesChanged(removed.user(), at, concerned);
      }
      case AccountOutput.AccountDeactivated closed -> end(closed.user());
      case AccountOutput.DeviceAdded added -> devicesChanged(added.user(), at, concerned);
      case AccountOutput.DeviceChanged changed -> devicesChanged(changed.user(), at, concerned);
      case AccountOutput.DeviceKeysChanged changed -> devicesChanged(changed.user(), at, concerned);
      case AccountOutput.SigningKeysChanged changed ->
          devicesChanged(changed.user(), at, concerned);
      case AccountOutput.UserVerified verified -> {
        @Nullable UserFeed feed = users.known(verified.user().value());
        if (feed != null) {
          feed.note(OwnNews.DEVICE_LISTS, at);
          concerned.add(feed);
        }
      }
      case AccountOutput.AccountCreated _,
          AccountOutput.ProfileChanged _,
          AccountOutput.AliasAdded _,
          AccountOutput.AliasRemoved _,
          AccountOutput.RoomPublished _ -> {
        // Nothing that a sync response tells.
      }
    }
  }

  /// Account data may have changed and devices may be gone without being seen here: all who wait
  /// are answered, and come back with a token that is checked.
  @Override
  public void forget(LogPosition upTo) {
    for (UserFeed feed : users.all()) {
      feed.waiting().forEach(WaitingSync::end);
      feed.forgetDevices();
    }
  }

  private void devicesChanged(UserId user, LogPosition at, Concerned concerned) {
    concerned.addOthers(users.noteDevices(user, at));
    @Nullable UserFeed own = users.known(user.value());
    if (own != null) {
      concerned.add(own);
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
