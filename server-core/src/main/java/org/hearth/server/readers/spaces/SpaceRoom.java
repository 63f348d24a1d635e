package org.hearth.server.readers.spaces;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.services.directory.SaidRoom;

/// A room as it stands in a hierarchy.
///
/// @param summary what it says about itself, without its children; not to be changed
/// @param children in their order; none unless it is a space, and at most [#MOST_CHILDREN]
/// @param bytes about what all of it takes
record SpaceRoom(RoomId room, ObjectNode summary, List<SpaceChild> children, int bytes) {
  /// The type of a space.
  static final String SPACE = "m.space";

  /// Of more children the others are not seen.
  static final int MOST_CHILDREN = 1_000;

  SpaceRoom {
    children = List.copyOf(children);
  }

  /// @param children in any order
  static SpaceRoom of(RoomId room, ObjectNode summary, List<SpaceChild> children) {
    List<SpaceChild> sorted =
        children.stream().sorted(SpaceChild.ORDER).limit(MOST_CHILDREN).toList();
    int bytes =
        MatrixJson.write(summary).length + sorted.stream().mapToInt(SpaceChild::bytes).sum();
    return new SpaceRoom(room, summary, sorted, bytes);
  }

  /// What another server says about a room; empty if it cannot be believed.
  static Optional<SpaceRoom> said(JsonNode json) {
    return SaidRoom.checked(json)
        .map(summary -> {
          List<SpaceChild> children = new ArrayList<>();
          JsonNode events = json.path("children_state");
          if (isSpace(summary) && events.isArray()) {
            for (int i = 0; i < events.size() && children.size() < MOST_CHILDREN; i++) {
              SpaceChild.said(events.path(i)).ifPresent(children::add);
            }
          }
          return of(RoomId.parse(summary.path("room_id").asText()), summary, children);
        });
  }

  private static boolean isSpace(ObjectNode summary) {
    return summary.path("room_type").asText().equals(SPACE);
  }

  boolean isSpace() {
    return isSpace(summary);
  }

  /// The children that are wanted.
  List<SpaceChild> children(boolean suggestedOnly) {
    return suggestedOnly ? children.stream().filter(SpaceChild::suggested).toList() : children;
  }

  /// As clients and servers are told it.
  ObjectNode json(boolean suggestedOnly) {
    ObjectNode json = summary.deepCopy();
    ArrayNode state = json.putArray("children_state");
    children(suggestedOnly).forEach(each -> state.add(each.json()));
    return json;
  }

  String joinRule() {
    return summary.path("join_rule").asText();
  }

  boolean isWorldReadable() {
    return summary.path("world_readable").asBoolean(false);
  }

  /// The rooms whose members may join, where that is how one may.
  List<RoomId> allowedRooms() {
    List<RoomId> rooms = new ArrayList<>();
    for (JsonNode each : summary.path("allowed_room_ids")) {
      Identifiers.read(RoomId::parse, each.asText()).ifPresent(rooms::add);
    }
    return rooms;
  }
}
