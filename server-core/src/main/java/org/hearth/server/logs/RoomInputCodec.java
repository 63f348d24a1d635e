package org.hearth.server.logs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.jspecify.annotations.Nullable;

/// Commands to the Room Server as JSON.
final class RoomInputCodec extends JsonCodec<RoomInput> {
  @Override
  ObjectNode write(RoomInput entry) {
    return switch (entry) {
      case RoomInput.CreateRoom(var room, var version, var time, var create, var events) ->
          object("create-room")
              .put("room", room.value())
              .put("version", version)
              .put("origin_server_ts", time)
              .<ObjectNode>set("create", draft(create))
              .set("events", array(events.stream().map(RoomInputCodec::draft).toList()));
      case RoomInput.SendEvent(var room, var draft, var transaction) ->
          object("send-event")
              .put("room", room.value())
              .<ObjectNode>set("draft", draft(draft))
              .set("transaction", transaction(transaction));
      case RoomInput.ChangeMembership change ->
          object("change-membership")
              .put("room", change.room().value())
              .put("sender", change.sender().value())
              .put("target", change.target().value())
              .put("membership", change.membership().value())
              .put("allowed_by", change.allowedBy() == null ? null : change.allowedBy().value())
              .<ObjectNode>set("content", change.content())
              .set("from", words(change.from()));
      case RoomInput.UpdateProfile(var room, var user, var displayName, var avatarUrl) ->
          object("update-profile")
              .put("room", room.value())
              .put("user", user.value())
              .put("displayname", displayName)
              .put("avatar_url", avatarUrl);
      case RoomInput.ForgetRoom(var room, var user) ->
          object("forget-room").put("room", room.value()).put("user", user.value());
      case RoomInput.ReceiveEvents received -> received(received);
      case RoomInput.WatchStates(var room) -> object("watch-states").put("room", room.value());
      case RoomInput.DropStates(var room, var states) ->
          object("drop-states")
              .put("room", room.value())
              .set(
                  "states",
                  array(states.stream().map(JsonNodeFactory.instance::numberNode).toList()));
    };
  }

  @Override
  RoomInput read(String kind, ObjectNode json) {
    RoomId room = RoomId.parse(string(json, "room"));
    return switch (kind) {
      case "create-room" ->
          new RoomInput.CreateRoom(
              room,
              string(json, "version"),
              required(json, "origin_server_ts").asLong(),
              draft(required(json, "create")),
              list(json, "events", RoomInputCodec::draft));
      case "send-event" ->
          new RoomInput.SendEvent(
              room, draft(required(json, "draft")), readTransaction(json.get("transaction")));
      case "change-membership" ->
          new RoomInput.ChangeMembership(
              room,
              UserId.parse(string(json, "sender")),
              UserId.parse(string(json, "target")),
              membership(string(json, "membership")),
              objectAt(json, "content"),
              Set.copyOf(list(json, "from", each -> membership(each.asText()))),
              optional(json, "allowed_by", RoomId::parse));
      case "update-profile" ->
          new RoomInput.UpdateProfile(
              room,
              UserId.parse(string(json, "user")),
              optionalString(json, "displayname"),
              optionalString(json, "avatar_url"));
      case "forget-room" -> new RoomInput.ForgetRoom(room, UserId.parse(string(json, "user")));
      case "receive-events" -> readReceived(room, json);
      case "watch-states" -> new RoomInput.WatchStates(room);
      case "drop-states" -> new RoomInput.DropStates(room, list(json, "states", JsonNode::asLong));
      default -> throw unknown(kind);
    };
  }

  private static ObjectNode received(RoomInput.ReceiveEvents received) {
    ObjectNode json =
        object("receive-events")
            .put("room", received.room().value())
            .put("version", received.version())
            .put("arrival", received.arrival().name());
    json.set("events", array(received.events().stream().map(Pdu::json).toList()));
    json.set("outliers", array(received.outliers().stream().map(Pdu::json).toList()));
    ObjectNode states = json.putObject("states");
    received
        .states()
        .forEach((event, state) -> {
          ArrayNode ids = states.putArray(event.value());
          state.forEach(each -> ids.add(each.value()));
        });
    ObjectNode signers = json.putObject("signers");
    received
        .signers()
        .forEach((event, servers) -> {
          ArrayNode names = signers.putArray(event.value());
          servers.forEach(each -> names.add(each.value()));
        });
    ArrayNode unobtainable = json.putArray("unobtainable");
    received.unobtainable().stream().sorted().forEach(each -> unobtainable.add(each.value()));
    return json;
  }

  private static RoomInput readReceived(RoomId room, ObjectNode json) {
    RoomVersion version =
        RoomVersions.of(string(json, "version"))
            .orElseThrow(() -> new IllegalArgumentException("the room version is not known"));
    Map<EventId, Set<ServerName>> signers = new HashMap<>();
    byEvent(objectAt(json, "signers"), ServerName::parse)
        .forEach((event, servers) -> signers.put(event, Set.copyOf(servers)));
    return new RoomInput.ReceiveEvents(
        room,
        version.id(),
        RoomInput.Arrival.valueOf(string(json, "arrival")),
        list(json, "events", each -> pdu(each, version)),
        list(json, "outliers", each -> pdu(each, version)),
        byEvent(objectAt(json, "states"), EventId::parse),
        signers,
        Set.copyOf(list(json, "unobtainable", each -> EventId.parse(each.asText()))));
  }

  private static <T> Map<EventId, List<T>> byEvent(ObjectNode json, Function<String, T> parse) {
    Map<EventId, List<T>> lists = new HashMap<>();
    json.fieldNames()
        .forEachRemaining(event ->
            lists.put(EventId.parse(event), list(json, event, each -> parse.apply(each.asText()))));
    return lists;
  }

  private static Pdu pdu(JsonNode node, RoomVersion version) {
    if (!(node instanceof ObjectNode event)) {
      throw new IllegalArgumentException("an event is an object");
    }
    return Pdu.parse(event, version);
  }

  private static ObjectNode draft(EventDraft draft) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("room", draft.roomId() == null ? null : draft.roomId().value())
        .put("sender", draft.sender().value())
        .put("type", draft.type())
        .put("state_key", draft.key())
        .put("redacts", draft.redacted() == null ? null : draft.redacted().value())
        .set("content", draft.content());
  }

  private static EventDraft draft(JsonNode node) {
    if (!(node instanceof ObjectNode json)) {
      throw new IllegalArgumentException("a draft of an event is an object");
    }
    return new EventDraft(
        optional(json, "room", RoomId::parse),
        UserId.parse(string(json, "sender")),
        string(json, "type"),
        optionalString(json, "state_key"),
        objectAt(json, "content"),
        optional(json, "redacts", EventId::parse));
  }

  static JsonNode transaction(@Nullable ClientTransaction transaction) {
    return transaction == null
        ? JsonNodeFactory.instance.nullNode()
        : JsonNodeFactory.instance
            .objectNode()
            .put("device", transaction.device().value())
            .put("id", transaction.transactionId());
  }

  static @Nullable ClientTransaction readTransaction(@Nullable JsonNode node) {
    return node instanceof ObjectNode json
        ? new ClientTransaction(DeviceId.parse(string(json, "device")), string(json, "id"))
        : null;
  }

  private static ArrayNode words(Set<Membership> memberships) {
    ArrayNode words = JsonNodeFactory.instance.arrayNode();
    Set<Membership> ordered = EnumSet.noneOf(Membership.class);
    ordered.addAll(memberships);
    ordered.forEach(each -> words.add(each.value()));
    return words;
  }

  static Membership membership(String word) {
    return Membership.of(word)
        .orElseThrow(() -> new IllegalArgumentException("there is no membership " + word));
  }
}
