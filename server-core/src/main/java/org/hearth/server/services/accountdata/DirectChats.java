package org.hearth.server.services.accountdata;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import org.hearth.server.matrix.id.RoomId;

/// The content of `m.direct`: "an object where the keys are the user IDs and values are lists of
/// room ID strings of the 'direct' rooms for that user ID".
///
/// **source**: [Direct
/// Messaging](https://spec.matrix.org/v1.19/client-server-api/#direct-messaging)
final class DirectChats {
  private DirectChats() {}

  /// The same with a room listed wherever the one that it replaces is.
  static ObjectNode withReplacement(ObjectNode content, RoomId from, RoomId to) {
    ObjectNode after = content.deepCopy();
    for (JsonNode each : after) {
      if (each instanceof ArrayNode rooms && has(rooms, from) && !has(rooms, to)) {
        rooms.add(to.value());
      }
    }
    return after;
  }

  private static boolean has(ArrayNode rooms, RoomId room) {
    TextNode wanted = TextNode.valueOf(room.value());
    for (JsonNode each : rooms) {
      if (each.equals(wanted)) {
        return true;
      }
    }
    return false;
  }
}
