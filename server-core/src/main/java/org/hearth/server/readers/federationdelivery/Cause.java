package org.hearth.server.readers.federationdelivery;

import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// Who has caused that a server has something to be told, and where. Turns are shared out by it:
/// names of servers cost nothing, and a room may be full of made-up ones.
///
/// @param who a user of this server, or the site of another one's; empty for nobody in particular
/// @param where the room; empty for none
record Cause(String who, String where) {
  static final Cause NONE = new Cause("", "");

  /// What a user does in a room.
  ///
  /// @param isHere whether the user is of this server: of others there may be any number
  static Cause of(UserId user, boolean isHere, RoomId room) {
    return new Cause(isHere ? user.value() : user.server().site(), room.value());
  }

  /// What a user of this server does, or what happens to their devices.
  static Cause of(UserId user) {
    return new Cause(user.value(), "");
  }

  /// What happens in a room.
  static Cause in(RoomId room) {
    return new Cause("", room.value());
  }
}
