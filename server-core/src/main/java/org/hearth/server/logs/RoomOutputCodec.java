package org.hearth.server.logs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;

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
    };
  }

  @Override
  RoomOutput read(String kind, ObjectNode json) {
    if (!kind.equals("event-added")) {
      throw unknown(kind);
    }
    RoomVersion version =
        RoomVersions.of(string(json, "version"))
            .orElseThrow(() -> new IllegalArgumentException("the room version is not known"));
    return new RoomOutput.EventAdded(
        Pdu.parse(objectAt(json, "event"), version),
        RoomInputCodec.readTransaction(json.get("transaction")),
        json.get("replaces") instanceof ObjectNode replaced ? Pdu.parse(replaced, version) : null,
        optional(json, "previous_membership", RoomInputCodec::membership),
        optional(json, "redacts", EventId::parse));
  }
}
