package org.hearth.server.writers.federationmembership.invites;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.event.StrippedState;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.events.CheckedEvents;
import org.hearth.server.outbound.events.DroppedEvent;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomState;
import org.jspecify.annotations.Nullable;

/// What comes with an invitation of the room's state: `invite_room_state`.
///
/// **bound**: [#MOST_EVENTS] events and [#MOST_BYTES], either way.
///
/// **thread**: any that may wait; no state of its own.
final class InviteState {
  static final int MOST_EVENTS = 30;
  static final int MOST_BYTES = 64 << 10;

  private InviteState() {}

  /// What is sent with an invitation: the events "to help the receiver of the invite identify the
  /// room", whole, as many as have room. "MUST contain the `m.room.create` event for the room."
  ///
  /// @param state of the room
  /// @param invite the invitation
  static ArrayNode outward(RoomState state, Pdu invite) {
    List<StateKey> keys = new ArrayList<>(StrippedState.KEYS);
    keys.add(StateKey.member(invite.sender().value()));
    ArrayNode sent = JsonNodeFactory.instance.arrayNode();
    int bytes = 0;
    for (RoomEvent each : inOrder(state, keys)) {
      ObjectNode event = each.pdu().json().deepCopy();
      event.remove("unsigned");
      int length = MatrixJson.write(event).length;
      // A topic may be as large as an event. The create event is the first, and goes in any case.
      if (sent.isEmpty() || bytes + length <= MOST_BYTES) {
        sent.add(event);
        bytes += length;
      }
    }
    return sent;
  }

  private static List<RoomEvent> inOrder(RoomState state, List<StateKey> keys) {
    return keys.stream().flatMap(key -> state.event(key).stream()).toList();
  }

  /// What the user is shown of what has come with an invitation.
  ///
  /// "Servers SHOULD return `M_INVALID_PARAM`" in room versions since 12, and "MAY" before, "if the
  /// `m.room.create` event is missing", if an entry is not "formatted according to the room's
  /// version", "fails a signature check", or "does not reside in the same room as the invite".
  /// Before version 12 it is common that entries are stripped already: what is of another room is
  /// left out.
  ///
  /// @param given null if there was none
  /// @throws MatrixException `M_INVALID_PARAM`
  static List<ObjectNode> inward(
      @Nullable JsonNode given, RoomId room, RoomVersion version, Pdu invite, PeerEvents events)
      throws InterruptedException {
    List<ObjectNode> entries = entries(given);
    List<ObjectNode> shown =
        version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)
            ? checked(entries, room, version, events)
            : entries.stream()
                .filter(each -> each.path("room_id").asText(room.value()).equals(room.value()))
                .toList();
    List<ObjectNode> stripped = new ArrayList<>();
    // The invitation itself tells who invites whom.
    stripped.add(StrippedState.of(invite));
    int bytes = MatrixJson.write(stripped.getFirst()).length;
    for (ObjectNode each : shown) {
      Optional<ObjectNode> event =
          StrippedState.ofJson(each).filter(one -> !isSameKey(one, stripped.getFirst()));
      int length = event.map(one -> MatrixJson.write(one).length).orElse(0);
      if (event.isPresent() && bytes + length <= MOST_BYTES) {
        stripped.add(event.get());
        bytes += length;
      }
    }
    return stripped;
  }

  private static boolean isSameKey(ObjectNode one, ObjectNode other) {
    return one.path("type").equals(other.path("type"))
        && one.path("state_key").equals(other.path("state_key"));
  }

  private static List<ObjectNode> entries(@Nullable JsonNode given) {
    if (given == null) {
      return List.of();
    }
    if (!given.isArray() || given.size() > MOST_EVENTS) {
      throw MatrixException.invalidParam(
          "invite_room_state must be a list of at most %d events".formatted(MOST_EVENTS));
    }
    List<ObjectNode> entries = new ArrayList<>();
    for (JsonNode each : given) {
      if (!(each instanceof ObjectNode event)) {
        throw MatrixException.invalidParam("invite_room_state must be a list of events");
      }
      entries.add(event.deepCopy());
    }
    return entries;
  }

  private static List<ObjectNode> checked(
      List<ObjectNode> entries, RoomId room, RoomVersion version, PeerEvents events)
      throws InterruptedException {
    entries.forEach(each -> each.remove("unsigned"));
    CheckedEvents checked = events.check(room, version, entries);
    Optional<DroppedEvent> wrong =
        checked.dropped().stream().filter(each -> !each.lacksKeys()).findFirst();
    if (wrong.isPresent()) {
      throw MatrixException.invalidParam(
          "An event of invite_room_state is not valid: " + wrong.get().rule());
    }
    List<ObjectNode> shown = new ArrayList<>();
    checked.events().forEach(each -> shown.add(each.json()));
    if (checked.events().stream().noneMatch(Pdu::isCreate)) {
      // The server that made the room may be gone, and its keys with it. But the room's id is the
      // hash of this event, so that it is no other.
      shown.add(create(entries, room, version));
    }
    return shown;
  }

  private static ObjectNode create(List<ObjectNode> entries, RoomId room, RoomVersion version) {
    for (ObjectNode each : entries) {
      if (each.path("type").asText().equals(EventTypes.CREATE)) {
        Pdu event = Pdu.parse(each, version);
        if (event.isCreate() && event.roomId().equals(room)) {
          return each;
        }
      }
    }
    throw MatrixException.invalidParam("The create event is missing in invite_room_state");
  }
}
