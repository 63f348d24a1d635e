package org.hearth.server.box;

import java.util.List;
import java.util.Optional;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.RowChange;

/// What a box keeps for each account or device: its rows come and go with them, in the same commit.
///
/// **thread**: any; called while it is the user's turn, see [TurnPerKey]. A call decides, it does
/// not commit.
public interface AccountCompanion {
  /// What to write for a new account; nothing, unless somebody says otherwise.
  ///
  /// @param displayName how the user is to be called, if whoever makes the account says so
  default List<RowChange> opening(UserId user, Optional<String> displayName) {
    return List.of();
  }

  /// What to remove with an account that is closed.
  ///
  /// @param erase whether the user asked for everything to be erased
  List<RowChange> closing(UserId user, boolean erase);

  /// Refuses a new device whose id stands for something else of the user already.
  ///
  /// @throws MatrixException `M_FORBIDDEN` if it must have another id
  default void admit(UserId user, DeviceId device) {}

  /// What to remove of a device that goes with its tokens; asked also for a device that comes,
  /// which must not find what is left of an earlier one of its id.
  default List<RowChange> clearing(UserId user, DeviceId device) {
    return List.of();
  }

  /// What to write when a device gets another display name.
  default List<RowChange> renaming(UserId user, DeviceId device) {
    return List.of();
  }

  /// Called after the commit of a new or a closed account: memory of the user, if there is any, is
  /// out of date.
  default void changed(UserId user) {}

  /// Called after the commit of devices that came or went: memory of them is out of date.
  default void devicesChanged(UserId user) {}
}
