package org.hearth.server.logs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.jspecify.annotations.Nullable;

/// What the Room Server decided, as JSON; events in the federation format.
final class RoomOutputCodec extends JsonCodec<RoomOutput> {
  @Override
  ObjectNode write(RoomOutput entry) {
    return switch (entry) {
      case RoomOutput.EventAdded added -> {
        ObjectNode json =
            object("event-added")
                .put("version", added.event().version().id())
                .put("redacts", added.redacts() == null ? null : added.redacts().value())
                .put(
                    "previous_membership",
                    added.previousMembership() == null ? null : added.previousMembership().value());
        json.set("event", added.event().json());
        json.set("transaction", RoomInputCodec.transaction(added.transaction()));
        if (added.replaces() != null) {
          json.set("replaces", added.replaces().json());
        }
        yield json;
      }
      case RoomOutput.EventStored(var event, var standing) ->
          object("event-stored")
              .put("version", event.version().id())
              .put("standing", standing.name())
              .<ObjectNode>set("event", event.json());
      case RoomOutput.StateChanged(var room, var changes) ->
          object("state-changed")
              .put("room", room.value())
              .<ObjectNode>set(
                  "changes", array(changes.stream().map(RoomOutputCodec::change).toList()));
    };
  }

  private static ObjectNode change(RoomOutput.StateChange change) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("type", change.key().type())
            .put("state_key", change.key().stateKey());
    put(json, "now", change.now());
    put(json, "before", change.before());
    return json;
  }

  private static void put(ObjectNode json, String name, @Nullable Pdu event) {
    if (event != null) {
      json.put("version", event.version().id()).set(name, event.json());
    }
  }

  @Override
  RoomOutput read(String kind, ObjectNode json) {
    return switch (kind) {
      case "event-added" -> {
        RoomVersion version = version(json);
        yield new RoomOutput.EventAdded(
            Pdu.parse(objectAt(json, "event"), version),
            RoomInputCodec.readTransaction(json.get("transaction")),
            event(json, "replaces", version),
            optional(json, "previous_membership", RoomInputCodec::membership),
            optional(json, "redacts", EventId::parse));
      }
      case "event-stored" ->
          new RoomOutput.EventStored(
              Pdu.parse(objectAt(json, "event"), version(json)),
              RoomOutput.Standing.valueOf(string(json, "standing")));
      case "state-changed" ->
          new RoomOutput.StateChanged(
              RoomId.parse(string(json, "room")),
              list(json, "changes", RoomOutputCodec::readChange));
      default -> throw unknown(kind);
    };
  }

  private static RoomOutput.StateChange readChange(JsonNode node) {
    if (!(node instanceof ObjectNode json)) {
      throw new IllegalArgumentException("a change of state is an object");
    }
    RoomVersion version = version(json);
    return new RoomOutput.StateChange(
        new StateKey(string(json, "type"), string(json, "state_key")),
        event(json, "now", version),
        event(json, "before", version));
  }

  private static @Nullable Pdu event(ObjectNode json, String name, RoomVersion version) {
    return json.get(name) instanceof ObjectNode event ? Pdu.parse(event, version) : null;
  }

  private static RoomVersion version(ObjectNode json) {
    return RoomVersions.of(string(json, "version"))
        .orElseThrow(() -> new IllegalArgumentException("the room version is not known"));
  }
}
