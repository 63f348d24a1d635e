package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;

/// What the published directory says about a room.
///
/// @param members how many users are joined
/// @param roomType the type that its create event gives
/// @param json the entry as clients get it; not to be changed
public record PublicRoom(RoomId room, int members, Optional<String> roomType, ObjectNode json) {
  /// The largest first, then by id: a stable order.
  static final Comparator<PublicRoom> ORDER =
      Comparator.comparingInt(PublicRoom::members).reversed().thenComparing(PublicRoom::room);

  private static final List<StateKey> SHOWN =
      List.of(
          StateKey.of(EventTypes.CREATE),
          StateKey.of(EventTypes.NAME),
          StateKey.of(EventTypes.TOPIC),
          StateKey.of(EventTypes.AVATAR),
          StateKey.of(EventTypes.CANONICAL_ALIAS),
          StateKey.of(EventTypes.JOIN_RULES),
          StateKey.of(EventTypes.HISTORY_VISIBILITY),
          StateKey.of(EventTypes.GUEST_ACCESS));

  /// What the room says about itself now; empty for a room that is not here.
  public static Optional<PublicRoom> of(RoomId room, RoomQueries rooms) {
    return rooms
        .room(room)
        .flatMap(summary ->
            rooms.currentState(room).map(state -> of(room, summary.counts().joined(), state)));
  }

  private static PublicRoom of(RoomId room, int members, RoomState state) {
    List<RoomEvent> events = state.events(SHOWN);
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("room_id", room.value())
            .put("num_joined_members", members)
            .put(
                "world_readable",
                text(events, EventTypes.HISTORY_VISIBILITY, "history_visibility")
                    .filter("world_readable"::equals)
                    .isPresent())
            .put(
                "guest_can_join",
                text(events, EventTypes.GUEST_ACCESS, "guest_access")
                    .filter("can_join"::equals)
                    .isPresent());
    put(json, "name", text(events, EventTypes.NAME, "name"));
    put(json, "topic", text(events, EventTypes.TOPIC, "topic"));
    put(json, "avatar_url", text(events, EventTypes.AVATAR, "url"));
    put(json, "canonical_alias", text(events, EventTypes.CANONICAL_ALIAS, "alias"));
    put(json, "join_rule", text(events, EventTypes.JOIN_RULES, "join_rule"));
    Optional<String> type = text(events, EventTypes.CREATE, "type");
    put(json, "room_type", type);
    return new PublicRoom(room, members, type, json);
  }

  private static Optional<String> text(List<RoomEvent> events, String type, String field) {
    return events.stream()
        .filter(each -> each.type().equals(type))
        .findFirst()
        .map(each -> each.pdu().content().get(field))
        .filter(JsonNode::isTextual)
        .map(JsonNode::textValue)
        .filter(each -> !each.isEmpty());
  }

  private static void put(ObjectNode json, String name, Optional<String> value) {
    value.ifPresent(each -> json.put(name, each));
  }

  /// Whether the text is in the name, the topic or the alias, in any case.
  boolean says(String text) {
    String wanted = text.toLowerCase(Locale.ROOT);
    return List.of("name", "topic", "canonical_alias").stream()
        .map(field -> json.path(field).asText(""))
        .anyMatch(each -> each.toLowerCase(Locale.ROOT).contains(wanted));
  }
}
