package org.hearth.server.matrix.auth;

import static org.hearth.server.matrix.auth.AuthVerdict.rejected;

import com.fasterxml.jackson.databind.JsonNode;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersions;

/// Rule 1, of `m.room.create`.
final class CreateRules {
  private CreateRules() {}

  static AuthVerdict check(Pdu event) {
    JsonNode content = event.content();

    // v1-v12, 1.1: "If it has any prev_events, reject."
    if (!event.prevEvents().isEmpty()) {
      return rejected(
          AuthRule.CREATE_HAS_PREV_EVENTS, event.prevEvents().size() + " previous events");
    }

    if (event.version().has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      // v12, 1.2: "If the event has a room_id, reject."
      if (event.hasRoomId()) {
        return rejected(AuthRule.CREATE_HAS_ROOM_ID, "the create event has a room_id");
      }
    } else {
      // v1-v11, 1.2: "If the domain of the room_id does not match the domain of the sender,
      // reject."
      ServerName server = event.sender().server();
      if (!event.roomId().server().filter(server::equals).isPresent()) {
        return rejected(
            AuthRule.CREATE_ROOM_ID_DOMAIN,
            "room id %s of sender %s".formatted(event.roomId(), event.sender()));
      }
    }

    // v1-v12, 1.3: "If content.room_version is present and is not a recognised version, reject."
    JsonNode version = content.path("room_version");
    boolean recognised =
        version.isMissingNode()
            || (version.isTextual() && RoomVersions.of(version.textValue()).isPresent());
    if (!recognised) {
      return rejected(AuthRule.CREATE_UNKNOWN_ROOM_VERSION, "room version " + version);
    }

    // v1-v10, 1.4: "If content has no creator property, reject."
    if (!event.version().has(RoomRule.CREATOR_IS_SENDER) && !content.has("creator")) {
      return rejected(AuthRule.CREATE_HAS_NO_CREATOR, "no creator in content");
    }

    // v12, 1.4: "If additional_creators is present in content and is not an array of strings where
    // each string passes the same user ID validation applied to sender, reject."
    if (event.version().has(RoomRule.PRIVILEGED_CREATORS)) {
      JsonNode additional = content.path("additional_creators");
      if (!additional.isMissingNode() && !isArrayOfUsers(additional)) {
        return rejected(
            AuthRule.CREATE_ADDITIONAL_CREATORS, "additional_creators is no array of user ids");
      }
    }

    // v1-v12, 1.5: "Otherwise, allow."
    return AuthVerdict.allowed();
  }

  private static boolean isArrayOfUsers(JsonNode value) {
    if (!value.isArray()) {
      return false;
    }
    for (JsonNode each : value) {
      if (!each.isTextual() || Json.user(each.textValue()).isEmpty()) {
        return false;
      }
    }
    return true;
  }
}
