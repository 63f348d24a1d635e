package org.hearth.server.matrix.testkit;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.hearth.server.matrix.auth.AuthEventSelection;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.ReferenceHash;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// One event of a [RoomFixture], to be changed before it is built: first the fields, then whatever
/// is bent, then hash and signature.
public final class EventRecipe {
  private final RoomFixture room;
  private final UserId sender;
  private final String type;
  private final Optional<String> stateKey;
  private final ObjectNode content;
  private final List<Consumer<ObjectNode>> bends = new ArrayList<>();
  private final List<Consumer<ObjectNode>> afterSigning = new ArrayList<>();
  private Optional<List<Pdu>> previous = Optional.empty();
  private Optional<Map<StateKey, Pdu>> stateBefore = Optional.empty();
  private Optional<List<Pdu>> authEvents = Optional.empty();
  private OptionalLong timestamp = OptionalLong.empty();

  EventRecipe(
      RoomFixture room, UserId sender, String type, Optional<String> stateKey, ObjectNode content) {
    this.room = room;
    this.sender = sender;
    this.type = type;
    this.stateKey = stateKey;
    this.content = content;
  }

  /// After these events instead of the last ones.
  public EventRecipe after(Pdu... events) {
    previous = Optional.of(List.of(events));
    return this;
  }

  /// As if the state before it were this one, whatever its place.
  public EventRecipe in(Map<StateKey, Pdu> state) {
    stateBefore = Optional.of(new LinkedHashMap<>(state));
    return this;
  }

  /// Citing these as its auth events instead of those that the state before it gives.
  public EventRecipe citing(Pdu... events) {
    authEvents = Optional.of(List.of(events));
    return this;
  }

  /// Sent at this time instead of a second after the event built before.
  public EventRecipe at(long originServerTs) {
    timestamp = OptionalLong.of(originServerTs);
    return this;
  }

  /// With this change to the content.
  public EventRecipe bendContent(Consumer<ObjectNode> change) {
    change.accept(content);
    return this;
  }

  /// With this change to the event.
  public EventRecipe bend(Consumer<ObjectNode> change) {
    bends.add(change);
    return this;
  }

  /// With this change to the event after it was hashed and signed.
  public EventRecipe bendAfterSigning(Consumer<ObjectNode> change) {
    afterSigning.add(change);
    return this;
  }

  /// With one more signature.
  public EventRecipe signedAlsoBy(ServerName server) {
    return bendAfterSigning(json ->
        json.setAll(EventSignatures.sign(json, room.version(), server, TestKeys.of(server))));
  }

  /// The event, not put into the room.
  public Pdu build() {
    RoomVersion version = room.version();
    int tick = room.nextTick();
    List<Pdu> prev = previous.orElseGet(room::extremities);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("type", type);
    json.put("sender", sender.value());
    stateKey.ifPresent(key -> json.put("state_key", key));
    json.set("content", content.deepCopy());
    if (!(type.equals(EventTypes.CREATE) && version.has(RoomRule.ROOM_ID_IS_CREATE_HASH))) {
      json.put("room_id", room.roomId().value());
    }
    json.put("origin_server_ts", timestamp.orElse(room.timestamp(tick)));
    json.put("depth", 1 + prev.stream().mapToLong(Pdu::depth).max().orElse(0));
    json.set("prev_events", references(prev, version));
    json.set("auth_events", references(authEvents.orElseGet(() -> selected(prev)), version));
    if (!version.eventIds().isHash()) {
      json.put("event_id", "$" + tick + ":" + sender.server());
    }
    bends.forEach(bend -> bend.accept(json));
    ObjectNode hashedAndSigned =
        EventSignatures.hashAndSign(json, version, sender.server(), TestKeys.of(sender.server()));
    afterSigning.forEach(bend -> bend.accept(hashedAndSigned));
    return Pdu.parse(hashedAndSigned, version);
  }

  /// The event, put into the room: all is built after it from now on, and the state has it.
  public Pdu add() {
    List<Pdu> prev = previous.orElseGet(room::extremities);
    return room.add(build(), prev, stateBefore);
  }

  private List<Pdu> selected(List<Pdu> prev) {
    Map<StateKey, Pdu> state = stateBefore.orElseGet(() -> room.stateBefore(prev));
    return AuthEventSelection.keysFor(room.version(), type, sender, stateKey, content).stream()
        .map(state::get)
        .filter(Objects::nonNull)
        .toList();
  }

  private static ArrayNode references(List<Pdu> events, RoomVersion version) {
    ArrayNode references = JsonNodeFactory.instance.arrayNode();
    for (Pdu event : events) {
      if (version.eventIds().isHash()) {
        references.add(event.eventId().value());
      } else {
        references
            .addArray()
            .add(event.eventId().value())
            .addObject()
            .put("sha256", UnpaddedBase64.encode(ReferenceHash.of(event.json(), version)));
      }
    }
    return references;
  }
}
