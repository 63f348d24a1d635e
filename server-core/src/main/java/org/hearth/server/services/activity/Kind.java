package org.hearth.server.services.activity;

import java.util.Arrays;
import java.util.Optional;

/// What can happen. The names are in the database.
public enum Kind {
  /// The server serves.
  SERVER_STARTED,
  /// The server was stopped.
  SERVER_STOPPED,
  /// Something that the server needs has ended.
  SERVER_FAILED,
  /// The server had ended by a fault, or was not stopped in order; noted when it starts again.
  SERVER_BROKE_OFF,
  /// There is a new account.
  ACCOUNT_MADE,
  /// An account was closed for ever.
  ACCOUNT_CLOSED,
  /// An account was locked.
  ACCOUNT_LOCKED,
  /// An account is no longer locked.
  ACCOUNT_UNLOCKED,
  /// Somebody has become an owner.
  OWNER_MADE,
  /// An owner has become a member.
  MEMBER_MADE,
  /// A password was changed by who knew the old one.
  PASSWORD_CHANGED,
  /// A password was set in the place of another.
  PASSWORD_RESET,
  /// Somebody signed in.
  SIGNED_IN,
  /// Somebody signed out.
  SIGNED_OUT,
  /// Somebody gave a wrong password.
  SIGN_IN_FAILED,
  /// A user has reported something.
  REPORTED,
  /// A registration token was made.
  TOKEN_MADE,
  /// A registration token was withdrawn.
  TOKEN_ENDED,
  /// The owner has said something to users.
  NOTICE_SENT,
  /// The server signs with another key.
  KEY_ROTATED,
  /// A backup is whole.
  BACKUP_MADE,
  /// The server was started on a backup that was put into its folder.
  BACKUP_RESTORED,
  /// A backup could not be made.
  BACKUP_FAILED,
  /// Files of media are not there any more.
  MEDIA_LOST,
  /// A file of media has other bytes than were stored.
  MEDIA_DAMAGED;

  /// The kind of that name.
  ///
  /// @return empty if this version has none: a newer one may have written it
  static Optional<Kind> of(String name) {
    return Arrays.stream(values()).filter(each -> each.name().equals(name)).findFirst();
  }
}
