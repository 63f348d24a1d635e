package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;

/// The first events of a new room, in the order of the specification.
///
/// **source**: the order of the events is that of [POST
/// createRoom](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom)
final class NewRoomEvents {
  private static final long CREATOR_LEVEL = 100;

  private final MembershipChanges memberships;

  NewRoomEvents(MembershipChanges memberships) {
    this.memberships = memberships;
  }

  /// The content of the create event.
  ObjectNode createContent(NewRoom room, UserId creator) {
    ObjectNode content = room.creation().deepCopy();
    if (room.version().has(RoomRule.CREATOR_IS_SENDER)) {
      content.remove("creator");
    } else {
      content.put("creator", creator.value());
    }
    content.put("room_version", room.version().id());
    boolean trusted = room.preset() == NewRoom.Preset.TRUSTED_PRIVATE_CHAT;
    if (trusted && room.version().has(RoomRule.PRIVILEGED_CREATORS) && !room.invited().isEmpty()) {
      // "trusted_private_chat: [...] the invitees are appended to additional_creators" since
      // version 12.
      ArrayNode creators =
          content.path("additional_creators") instanceof ArrayNode given
              ? given
              : content.putArray("additional_creators");
      List<String> known = new ArrayList<>();
      creators.forEach(each -> known.add(each.asText()));
      room.invited().stream()
          .map(UserId::value)
          .filter(each -> !known.contains(each))
          .forEach(creators::add);
    }
    return content;
  }

  /// Everything after the create event.
  List<EventDraft> after(RoomId id, NewRoom room, UserId creator, Optional<RoomAlias> alias) {
    List<EventDraft> events = new ArrayList<>();
    // 2. "An m.room.member event for the creator to join the room. This is needed so the remaining
    //    events can be sent."
    ObjectNode join =
        memberships.withNames(creator, Membership.JOIN, JsonNodeFactory.instance.objectNode());
    join.put("membership", Membership.JOIN.value());
    events.add(
        EventDraft.state(id, creator, new StateKey(EventTypes.MEMBER, creator.value()), join));
    // 3. "A default m.room.power_levels event."
    events.add(state(id, creator, EventTypes.POWER_LEVELS, levels(room, creator)));
    // 4. "An m.room.canonical_alias event if room_alias_name is given."
    alias.ifPresent(each ->
        events.add(state(id, creator, EventTypes.CANONICAL_ALIAS, object("alias", each.value()))));
    // 5. "Events set by the preset."
    events.add(
        state(id, creator, EventTypes.JOIN_RULES, object("join_rule", room.preset().joinRule())));
    events.add(
        state(id, creator, EventTypes.HISTORY_VISIBILITY, object("history_visibility", "shared")));
    // Guests are forbidden where nothing is said of them.
    if (room.preset().guestsMayJoin()) {
      events.add(state(id, creator, EventTypes.GUEST_ACCESS, object("guest_access", "can_join")));
    }
    // 6. "Events listed in initial_state, in the order that they are listed."
    for (NewRoom.InitialState each : room.initialState()) {
      if (each.type().equals(EventTypes.CREATE) || each.type().equals(EventTypes.MEMBER)) {
        throw MatrixException.invalidParam(
            "initial_state cannot have events of type " + each.type());
      }
      events.add(
          EventDraft.state(
              id, creator, new StateKey(each.type(), each.stateKey()), each.content()));
    }
    // 7. "Events implied by name and topic."
    room.name()
        .ifPresent(name -> events.add(state(id, creator, EventTypes.NAME, object("name", name))));
    room.topic().ifPresent(topic -> events.add(state(id, creator, EventTypes.TOPIC, topic(topic))));
    // 8. "Invite events implied by invite and invite_3pid."
    //    Users of other servers are invited when the room is there.
    for (UserId invited : room.invited()) {
      if (MembershipChanges.isHere(creator, invited)) {
        events.add(
            EventDraft.state(id, creator, StateKey.member(invited.value()), invite(room, invited)));
      }
    }
    return events;
  }

  /// The content of an invitation to the room.
  ObjectNode invite(NewRoom room, UserId invited) {
    ObjectNode invite =
        memberships.withNames(invited, Membership.INVITE, JsonNodeFactory.instance.objectNode());
    invite.put("membership", Membership.INVITE.value());
    if (room.direct()) {
      invite.put("is_direct", true);
    }
    return invite;
  }

  private static ObjectNode levels(NewRoom room, UserId creator) {
    boolean privileged = room.version().has(RoomRule.PRIVILEGED_CREATORS);
    ObjectNode levels = JsonNodeFactory.instance.objectNode();
    ObjectNode users = levels.putObject("users");
    if (!privileged) {
      users.put(creator.value(), CREATOR_LEVEL);
      if (room.preset() == NewRoom.Preset.TRUSTED_PRIVATE_CHAT) {
        // "All invitees are given the same power level as the room creator."
        room.invited().forEach(each -> users.put(each.value(), CREATOR_LEVEL));
      }
    }
    levels.put("users_default", 0);
    ObjectNode events = levels.putObject("events");
    events.put(EventTypes.NAME, 50);
    events.put(EventTypes.AVATAR, 50);
    events.put(EventTypes.CANONICAL_ALIAS, 50);
    events.put(EventTypes.POWER_LEVELS, 100);
    events.put(EventTypes.HISTORY_VISIBILITY, 100);
    events.put(EventTypes.SERVER_ACL, 100);
    events.put(EventTypes.ENCRYPTION, 100);
    // Since version 12 above state_default by so much that only creators send it.
    events.put(EventTypes.TOMBSTONE, privileged ? 150 : 100);
    levels.put("events_default", 0);
    levels.put("state_default", 50);
    levels.put("ban", 50);
    levels.put("kick", 50);
    levels.put("redact", 50);
    levels.put("invite", 0);
    levels.put("historical", 100);
    // "The power level content to override in the default power level event. This object is applied
    // on top of the generated m.room.power_levels event content prior to it being sent to the
    // room."
    for (var each : room.levels().properties()) {
      JsonNode value = each.getValue();
      levels.set(each.getKey(), value);
    }
    return levels;
  }

  private static ObjectNode topic(String topic) {
    ObjectNode content = object("topic", topic);
    content.putObject("m.topic").putArray("m.text").addObject().put("body", topic);
    return content;
  }

  private static EventDraft state(RoomId id, UserId creator, String type, ObjectNode content) {
    return EventDraft.state(id, creator, new StateKey(type, ""), content);
  }

  private static ObjectNode object(String key, String value) {
    return JsonNodeFactory.instance.objectNode().put(key, value);
  }
}
