package org.hearth.server.services.profile;

import org.hearth.server.matrix.id.UserId;

/// Writes profiles into the member events of rooms.
public interface RoomProfiles {
  /// Whether the user is joined in any room.
  boolean isInRooms(UserId user);

  /// Writes the profile into the member event of every room where the user is joined; returns when
  /// all of that is durable.
  ///
  /// @throws InterruptedException if interrupted; some rooms may then not have the profile
  /// @throws RuntimeException if a room could not be written now; to be tried again. One that is
  ///   parked or damaged does not keep the profile out of the others
  void write(UserId user, Profile profile) throws InterruptedException;
}
