package org.hearth.server.services.account;

import java.util.List;
import java.util.Optional;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.RowChange;

/// A service that keeps something of its own for each account: its rows come and go with the
/// account, in the same commit.
///
/// **thread**: any; called while it is the user's turn, see [TurnPerKey]. A call decides, it does
/// not commit.
public interface AccountCompanion {
  /// What to write for a new account.
  ///
  /// @param displayName how the user is to be called, if whoever makes the account says so
  List<RowChange> opening(UserId user, Optional<String> displayName);

  /// What to remove with an account that is closed.
  ///
  /// @param erase whether the user asked for everything to be erased
  List<RowChange> closing(UserId user, boolean erase);

  /// Called after the commit of either: memory of the user is out of date.
  void changed(UserId user);
}
