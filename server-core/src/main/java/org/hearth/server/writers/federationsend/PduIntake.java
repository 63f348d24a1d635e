package org.hearth.server.writers.federationsend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.event.ReferenceHash;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.staging.ArrivingRooms;
import org.hearth.server.services.staging.PeerRejections;

/// Says which events of a transaction are taken: those in the format of a room in which somebody of
/// this server is, and whose ACL lets their server take part, or of one that is on its way here; and
/// what takes back an invitation of a user of this server. All else costs only itself.
///
/// **thread**: one request's. **source**: [Transactions][transactions], [Server Access Control
/// Lists][acl].
///
/// [transactions]: https://spec.matrix.org/v1.19/server-server-api/#transactions
/// [acl]: https://spec.matrix.org/v1.19/server-server-api/#server-access-control-lists-acls
final class PduIntake {
  private final ServerName here;
  private final ServerName origin;
  private final RoomQueries rooms;
  private final PeerQueries peers;
  private final OutsideEnds outside;
  private final PeerRejections rejections;
  private final ArrivingRooms arriving;
  private final Map<RoomId, Door> doors = new HashMap<>();
  private final Map<EventId, Pdu> taken = new LinkedHashMap<>();
  private final ObjectNode results = JsonNodeFactory.instance.objectNode();

  /// Whether events of a room are taken.
  private sealed interface Door {
    record Open(RoomVersion version) implements Door {}

    /// @param version if the room is known, so that the event has an id
    record Closed(Optional<RoomVersion> version, String error) implements Door {}
  }

  PduIntake(FederationSend.Needs needs, ServerName origin) {
    this.here = needs.here();
    this.origin = origin;
    this.rooms = needs.rooms();
    this.peers = needs.peers();
    this.outside = new OutsideEnds(needs);
    this.rejections = needs.staging().rejections();
    this.arriving = needs.staging().arriving();
  }

  /// The events that are taken, each once.
  Map<EventId, Pdu> taken() {
    return taken;
  }

  /// "The results for the processing of each PDU in the transaction": of those that have an id.
  ObjectNode results() {
    return results;
  }

  /// Looks at one event.
  void take(JsonNode pdu) {
    if (!(pdu instanceof ObjectNode json)) {
      return;
    }
    Optional<RoomId> room =
        Identifiers.read(RoomId::parse, json.path("room_id").asText(""))
            .filter(_ -> json.path("room_id").isTextual());
    if (room.isEmpty()) {
      // Since version 12 also a create event, which makes no room that anybody here is in.
      return;
    }
    switch (doors.computeIfAbsent(room.get(), this::door)) {
      case Door.Open(RoomVersion version) -> take(room.get(), json, version);
      case Door.Closed(var version, String error) -> {
        Optional<RoomVersion> ofOutside = outside.version(room.get(), json);
        if (ofOutside.isPresent()) {
          take(room.get(), json, ofOutside.get());
        } else {
          version.flatMap(each -> id(json, each)).ifPresent(id -> fail(id, error));
        }
      }
    }
  }

  private void take(RoomId room, ObjectNode json, RoomVersion version) {
    switch (PduFormat.read(json, version)) {
      case PduFormat.Valid(Pdu event) -> {
        taken.putIfAbsent(event.eventId(), event);
        if (!results.has(event.eventId().value())) {
          results.putObject(event.eventId().value());
        }
      }
      case PduFormat.Invalid(var fault) -> {
        Optional<EventId> id = id(json, version);
        rejections.note(origin, room, id, fault.kind().name(), fault.detail());
        id.ifPresent(each -> fail(each, "It is no event of room version " + version.id()));
      }
    }
  }

  private Door door(RoomId room) {
    Optional<RoomVersion> onItsWay = arriving.version(room);
    Optional<RoomVersion> version = rooms.room(room).map(each -> each.version());
    if (version.isEmpty() || !peers.servers(room).contains(here)) {
      // Its ACL is not known yet: it is looked at when the room is here.
      return onItsWay
          .filter(each -> version.isEmpty() || version.get().equals(each))
          .<Door>map(Door.Open::new)
          .orElseGet(() -> new Door.Closed(version, "This server is not in that room"));
    }
    // "ACLs MUST be applied to all PDUs on a per-PDU basis. If the sending server is denied access
    // to the room identified by `room_id`, the PDU MUST be ignored with an appropriate error
    // included in the response for the respective event ID."
    return peers.isAllowed(room, origin)
        ? new Door.Open(version.get())
        : new Door.Closed(version, "Your server is not allowed in that room");
  }

  /// What an event is called that is perhaps none.
  private static Optional<EventId> id(ObjectNode json, RoomVersion version) {
    try {
      return Optional.of(ReferenceHash.eventId(json, version));
    } catch (MatrixException | InvalidIdentifierException _) {
      return Optional.empty();
    }
  }

  private void fail(EventId id, String error) {
    if (!results.has(id.value())) {
      results.putObject(id.value()).put("error", error);
    }
  }
}
