package org.hearth.server.readers.federationdelivery;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.logs.Presence;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.services.keys.KeyQueries;

/// EDUs as servers exchange them.
///
/// **thread**: any. **source**: [EDUs](https://spec.matrix.org/v1.19/server-server-api/#edus) and
/// the sections of each.
final class Edus {
  static final String DIRECT_TO_DEVICE = "m.direct_to_device";
  static final String DEVICE_LIST_UPDATE = "m.device_list_update";
  static final String SIGNING_KEY_UPDATE = "m.signing_key_update";

  /// How much keys may take in one EDU.
  private static final int LARGE = 32 << 10;

  private final KeyQueries keys;

  Edus(KeyQueries keys) {
    this.keys = keys;
  }

  static ObjectNode edu(String type, ObjectNode content) {
    ObjectNode edu = JsonNodeFactory.instance.objectNode().put("edu_type", type);
    edu.set("content", content);
    return edu;
  }

  static ObjectNode typing(RoomId room, UserId user, boolean typing) {
    return edu(
        "m.typing",
        JsonNodeFactory.instance
            .objectNode()
            .put("room_id", room.value())
            .put("user_id", user.value())
            .put("typing", typing));
  }

  /// "last_active_ago" has to be there: of whom that is not known, nothing is told.
  static Optional<ObjectNode> presence(List<PresenceOutput> news, Instant now) {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    var push = content.putArray("push");
    for (PresenceOutput each : news) {
      Long active = each.lastActive();
      if (active != null) {
        ObjectNode one =
            push.addObject()
                .put("user_id", each.user().value())
                .put("presence", each.presence().id())
                .put("last_active_ago", Math.max(0, now.toEpochMilli() - active));
        if (each.presence() == Presence.ONLINE) {
          one.put("currently_active", each.currentlyActive());
        }
        if (each.status() != null) {
          one.put("status_msg", each.status());
        }
      }
    }
    return push.isEmpty() ? Optional.empty() : Optional.of(edu("m.presence", content));
  }

  /// What is stored of devices, with the keys as they are now.
  ObjectNode ofDevices(DeliveryRows.Edu stored) {
    ObjectNode content = stored.content();
    return edu(
        stored.type(),
        switch (stored.type()) {
          case DEVICE_LIST_UPDATE -> deviceList(content);
          case SIGNING_KEY_UPDATE -> keys.signingKeyUpdate(user(content));
          default -> content;
        });
  }

  /// Keys that are too large are left out: the other server asks for them if it needs them.
  private ObjectNode deviceList(ObjectNode stored) {
    List<Long> previous = new ArrayList<>();
    stored.path("prev_id").forEach(each -> previous.add(each.asLong()));
    ObjectNode content =
        keys.deviceListUpdate(
            user(stored),
            DeviceId.parse(stored.path("device_id").asText()),
            stored.path("stream_id").asLong(),
            previous);
    if (MatrixJson.write(content).length > LARGE) {
      content.remove("keys");
    }
    return content;
  }

  private static UserId user(ObjectNode stored) {
    return UserId.parse(stored.path("user_id").asText());
  }
}
