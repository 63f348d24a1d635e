package org.hearth.server.writers.federationmembership.joining;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What a user of this server wants of a room.
///
/// @param content of the member event, as this server makes it: without `membership`, and without
///   who authorises the join. Nobody changes it
/// @param guest whether the user is one, whom the room has to let in
record Wish(Handshake handshake, RoomId room, UserId user, ObjectNode content, boolean guest) {
  /// What a user wants who is no guest.
  Wish(Handshake handshake, RoomId room, UserId user, ObjectNode content) {
    this(handshake, room, user, content, false);
  }
}
