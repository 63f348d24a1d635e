package org.hearth.server.writers.roomsend;

import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.error.MatrixException;

/// Invites users of other servers, which have to sign the invitation before it is in the room.
///
/// **thread**: any that may wait, for another server too.
@FunctionalInterface
public interface RemoteInvites {
  /// Invites somebody.
  ///
  /// @param invite makes the member event, whose state key is a user of another server
  /// @return where the invitation is in the room
  /// @throws MatrixException if the room, or the other server, does not allow it, or that cannot be
  ///   reached
  RoomReply.Done invite(RoomInput.PrepareEvent invite) throws InterruptedException;
}
