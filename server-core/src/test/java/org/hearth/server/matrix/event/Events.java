package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.version.EventIdFormat;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// Valid events of every room version, for tests to bend.
final class Events {
  static final String HASH = "Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg";

  private Events() {}

  static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.getBytes(StandardCharsets.UTF_8));
  }

  /// A message in a room of that version.
  static ObjectNode message(RoomVersion version) {
    ObjectNode event =
        json(
            """
            {
              "content": {"body": "Hello", "msgtype": "m.text"},
              "depth": 12,
              "hashes": {"sha256": "x"},
              "origin_server_ts": 1700000000000,
              "sender": "@u:example.org",
              "signatures": {"example.org": {"ed25519:1": "s"}},
              "type": "m.room.message",
              "unsigned": {"age": 1}
            }
            """);
    event.put(
        "room_id", version.has(RoomRule.ROOM_ID_IS_CREATE_HASH) ? "!" + HASH : "!r:example.org");
    event.set("prev_events", references(version));
    event.set("auth_events", references(version));
    if (version.eventIds() == EventIdFormat.SERVER_ASSIGNED) {
      event.put("event_id", "$e:example.org");
    }
    return event;
  }

  /// A state event in a room of that version.
  static ObjectNode state(RoomVersion version, String type, String stateKey, String content) {
    ObjectNode event = message(version);
    event.put("type", type).put("state_key", stateKey).set("content", json(content));
    return event;
  }

  /// The id of some event of that version.
  static String id(RoomVersion version) {
    return switch (version.eventIds()) {
      case SERVER_ASSIGNED -> "$p:example.org";
      case HASH_BASE64 -> "$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJk";
      case HASH_URL_SAFE -> "$" + HASH;
    };
  }

  private static com.fasterxml.jackson.databind.JsonNode references(RoomVersion version) {
    return version.eventIds().isHash()
        ? json("{\"a\":[\"%s\"]}".formatted(id(version))).get("a")
        : json("{\"a\":[[\"%s\",{\"sha256\":\"h\"}]]}".formatted(id(version))).get("a");
  }
}
