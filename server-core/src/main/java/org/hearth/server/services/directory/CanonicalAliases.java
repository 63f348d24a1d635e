package org.hearth.server.services.directory;

import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// Takes aliases out of rooms' `m.room.canonical_alias`.
@FunctionalInterface
public interface CanonicalAliases {
  /// Takes the alias out, if it is in, in the name of the user. A user who may not do that leaves
  /// it as it is.
  ///
  /// @throws InterruptedException if interrupted
  void remove(RoomId room, UserId user, RoomAlias alias) throws InterruptedException;
}
