package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.matrix.version.RoomRule;

/// What a client sees of an event.
///
/// Source: [Room event format](https://spec.matrix.org/v1.19/client-server-api/#room-event-format).
public final class ClientEventFormat {
  private ClientEventFormat() {}

  /// The event with its room id, as everywhere but in `/sync`.
  public static ObjectNode withRoomId(Pdu event, ClientUnsigned unsigned) {
    return format(event, unsigned, true);
  }

  /// The event without its room id, as in the rooms of `/sync`, where the room is already named.
  public static ObjectNode withoutRoomId(Pdu event, ClientUnsigned unsigned) {
    return format(event, unsigned, false);
  }

  private static ObjectNode format(Pdu event, ClientUnsigned unsigned, boolean withRoomId) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set("content", event.content());
    json.put("event_id", event.eventId().value());
    json.put("origin_server_ts", event.originServerTs());
    if (event.isRedaction()) {
      addRedacts(event, json);
    }
    if (withRoomId) {
      json.put("room_id", event.roomId().value());
    }
    json.put("sender", event.sender().value());
    event.stateKey().ifPresent(key -> json.put("state_key", key));
    json.put("type", event.type());
    ObjectNode added = unsigned.toJson();
    if (!added.isEmpty()) {
      json.set("unsigned", added);
    }
    return json;
  }

  private static void addRedacts(Pdu event, ObjectNode json) {
    boolean inContent = event.version().has(RoomRule.REDACTS_IN_CONTENT);
    JsonNode redacts = (inContent ? event.content() : event.json()).get("redacts");
    if (redacts == null) {
      return;
    }
    // Since 11: "For backwards-compatibility with older clients, servers should add a `redacts`
    // property to the top level of `m.room.redaction` events when serving such events over the
    // Client-Server API."
    json.set("redacts", redacts);
    if (!inContent) {
      // "For improved compatibility with newer clients, servers should add a `redacts` property to
      // the `content` of `m.room.redaction` events in *older* room versions".
      ObjectNode content = JsonNodeFactory.instance.objectNode();
      content.setAll(event.content());
      json.set("content", content.set("redacts", redacts));
    }
  }
}
