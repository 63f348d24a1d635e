package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.Optional;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What rooms say of their aliases: their `m.room.canonical_alias`.
public interface CanonicalAliases {
  /// Takes those aliases out that are in, in the name of the user. A user who may not do that
  /// leaves them as they are.
  ///
  /// @throws InterruptedException if interrupted
  void remove(RoomId room, UserId user, Collection<RoomAlias> aliases) throws InterruptedException;

  /// What the room says, of those aliases only; empty if it says nothing of them.
  Optional<ObjectNode> only(RoomId room, Collection<RoomAlias> aliases);
}
