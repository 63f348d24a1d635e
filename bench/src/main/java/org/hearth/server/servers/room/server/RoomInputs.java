package org.hearth.server.servers.room.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.id.RoomId;

/// Commands of which many are sent.
final class RoomInputs {
  private RoomInputs() {}

  /// A message as people write them.
  static RoomInput message(RoomId room, int sender, int number) {
    return message(
        room, sender, "Message " + number + ": dinner is at seven, bring the children along");
  }

  static RoomInput message(RoomId room, int sender, String body) {
    return message(
        room,
        sender,
        JsonNodeFactory.instance.objectNode().put("msgtype", "m.text").put("body", body));
  }

  static RoomInput message(RoomId room, int sender, ObjectNode content) {
    return new RoomInput.SendEvent(
        room, EventDraft.message(room, BenchedRooms.user(sender), "m.room.message", content), null);
  }
}
