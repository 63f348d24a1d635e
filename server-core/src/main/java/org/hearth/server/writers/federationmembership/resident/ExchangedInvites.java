package org.hearth.server.writers.federationmembership.resident;

import org.hearth.server.logs.RoomInput;

/// Invites users of other servers for whom a third-party invite is exchanged: the way to
/// `OutwardInvites`, by the composition.
///
/// **thread**: any that may wait.
@FunctionalInterface
public interface ExchangedInvites {
  /// Has the server of the invited user sign an invite, and the invite taken into the room.
  ///
  /// @param invite a member event by a user of this server, of which nobody was told yet
  /// @throws org.hearth.server.matrix.error.MatrixException if the room or the other server refuses
  ///   it, as whoever wanted the invite is to be told
  void invite(RoomInput.PrepareEvent invite) throws InterruptedException;
}
