package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.services.directory.DirectoryService;

/// `POST /rooms/{roomId}/upgrade`: a new room of another version takes the place of one.
///
/// **source**: [room upgrades](https://spec.matrix.org/v1.19/client-server-api/#room-upgrades)
final class UpgradeRoute implements RouteGroup {
  /// "the recommended state events to transfer"; power levels are transferred apart.
  private static final List<String> TRANSFERRED =
      List.of(
          EventTypes.JOIN_RULES,
          EventTypes.HISTORY_VISIBILITY,
          EventTypes.GUEST_ACCESS,
          EventTypes.SERVER_ACL,
          EventTypes.ENCRYPTION,
          EventTypes.NAME,
          EventTypes.AVATAR,
          EventTypes.TOPIC);

  private static final long MODERATOR = 50;
  private static final long CREATOR_LEVEL = 100;

  private final RoomQueries rooms;
  private final RoomClient commands;
  private final MembershipChanges memberships;
  private final DirectoryService directory;
  private final InstantSource clock;

  /// @param clock says no time twice
  UpgradeRoute(
      RoomQueries rooms,
      RoomClient commands,
      MembershipChanges memberships,
      DirectoryService directory,
      InstantSource clock) {
    this.rooms = rooms;
    this.commands = commands;
    this.memberships = memberships;
    this.directory = directory;
    this.clock = clock;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.POST,
        ClientPaths.v3("/rooms/{roomId}/upgrade"),
        Access.USER,
        RateClass.MEMBERSHIP,
        this::upgrade);
  }

  private Response upgrade(Request request) throws InterruptedException {
    RoomId old = RoomId.parse(request.path("roomId"));
    UserId user = request.requester().user();
    Fields fields = Fields.of(request.json());
    String versionId = fields.string("new_version");
    RoomVersion version =
        RoomVersions.of(versionId)
            .orElseThrow(() -> MatrixException.unsupportedRoomVersion(versionId));
    Set<UserId> creators = creators(fields, version);
    RoomState state =
        rooms
            .currentState(old)
            .orElseThrow(() -> MatrixException.forbidden("You are not in this room"));
    // 1. "Checks that the user has permission to send m.room.tombstone events in the room."
    PowerLevels levels = rooms.powerLevels(old).orElseThrow();
    if (!rooms.isJoined(old, user) || !levels.maySend(user, EventTypes.TOMBSTONE, true)) {
      throw MatrixException.forbidden("You cannot upgrade this room");
    }
    // 2. "Creates a replacement room with a m.room.create event containing a predecessor field, the
    // applicable room_version, and a type field which is copied from the predecessor room."
    long now = clock.millis();
    EventDraft unplaced =
        EventDraft.create(null, user, createContent(old, state, version, user, creators));
    RoomId replacement = rooms.newRoomId(version, unplaced, now);
    boolean hashed = version.has(RoomRule.ROOM_ID_IS_CREATE_HASH);
    EventDraft create =
        hashed ? unplaced : EventDraft.create(replacement, user, unplaced.content());
    commands.perform(
        new RoomInput.CreateRoom(
            replacement,
            version.id(),
            now,
            create,
            transferred(replacement, state, version, user, creators)));
    // 4. "Moves any local aliases to the new room."
    directory.move(old, replacement);
    // 5. "Sends a m.room.tombstone event to the old room to indicate that it is not intended to be
    // used any further."
    ObjectNode tombstone = JsonNodeFactory.instance.objectNode();
    tombstone.put("body", "This room has been replaced");
    tombstone.put("replacement_room", replacement.value());
    commands.perform(set(old, user, EventTypes.TOMBSTONE, tombstone));
    restrict(old, user, state, levels);
    return Response.field("replacement_room", replacement.value());
  }

  private static Set<UserId> creators(Fields fields, RoomVersion version) {
    Set<UserId> creators = new LinkedHashSet<>();
    ArrayNode given =
        fields.optionalArray("additional_creators").orElseGet(JsonNodeFactory.instance::arrayNode);
    // "When upgrading to a room version which doesn't support additional creators, this field is
    // ignored".
    if (version.has(RoomRule.PRIVILEGED_CREATORS)) {
      for (JsonNode each : given) {
        if (!each.isTextual()) {
          throw MatrixException.badJson("additional_creators must be a list of user ids");
        }
        creators.add(UserId.parse(each.textValue()));
      }
    }
    return creators;
  }

  private ObjectNode createContent(
      RoomId old, RoomState state, RoomVersion version, UserId user, Set<UserId> creators) {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    ObjectNode predecessor = content.putObject("predecessor").put("room_id", old.value());
    // "When upgrading to room version 12 or later, the event_id property inside predecessor MAY be
    // omitted." Its id is then part of the room's, and the tombstone comes after it.
    if (!version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      lastEvent(old).ifPresent(last -> predecessor.put("event_id", last.value()));
    }
    content.put("room_version", version.id());
    if (!version.has(RoomRule.CREATOR_IS_SENDER)) {
      content.put("creator", user.value());
    }
    JsonNode create =
        state.event(EventTypes.CREATE).map(each -> (JsonNode) each.pdu().content()).orElseThrow();
    for (String kept : List.of("type", "m.federate")) {
      if (create.has(kept)) {
        content.set(kept, create.get(kept));
      }
    }
    if (!creators.isEmpty()) {
      ArrayNode additional = content.putArray("additional_creators");
      creators.forEach(each -> additional.add(each.value()));
    }
    return content;
  }

  /// "The event ID of the last known event in the old room".
  private Optional<EventId> lastEvent(RoomId old) {
    return rooms.room(old).flatMap(room -> rooms.eventAt(room.last())).map(RoomEvent::id);
  }

  /// 3. "Replicates transferable state events to the new room."
  private List<EventDraft> transferred(
      RoomId room, RoomState state, RoomVersion version, UserId user, Set<UserId> creators) {
    List<EventDraft> events = new ArrayList<>();
    ObjectNode join =
        memberships.withNames(user, Membership.JOIN, JsonNodeFactory.instance.objectNode());
    join.put("membership", Membership.JOIN.value());
    events.add(EventDraft.state(room, user, StateKey.member(user.value()), join));
    events.add(
        EventDraft.state(
            room,
            user,
            StateKey.of(EventTypes.POWER_LEVELS),
            levels(state, version, user, creators)));
    for (String type : TRANSFERRED) {
      state
          .event(type)
          .ifPresent(each ->
              events.add(EventDraft.state(room, user, StateKey.of(type), each.pdu().content())));
    }
    return events;
  }

  /// The power levels of the old room. Whoever upgrades can do in the new one what creators can;
  /// and creators of version 12 are not listed.
  private static ObjectNode levels(
      RoomState state, RoomVersion version, UserId user, Set<UserId> creators) {
    ObjectNode levels =
        state
            .event(EventTypes.POWER_LEVELS)
            .map(each -> each.pdu().content().deepCopy())
            .orElseGet(JsonNodeFactory.instance::objectNode);
    ObjectNode users =
        levels.get("users") instanceof ObjectNode given ? given : levels.putObject("users");
    if (version.has(RoomRule.PRIVILEGED_CREATORS)) {
      users.remove(user.value());
      creators.forEach(each -> users.remove(each.value()));
    } else if (users.path(user.value()).asLong() < CREATOR_LEVEL) {
      users.put(user.value(), CREATOR_LEVEL);
    }
    return levels;
  }

  /// 6. "If possible, the power levels in the old room should also be modified to prevent sending
  ///    of events and inviting new users. For example, setting events_default and invite to the
  ///    greater of 50 and users_default + 1."
  private void restrict(RoomId old, UserId user, RoomState state, PowerLevels levels)
      throws InterruptedException {
    Optional<RoomEvent> current = state.event(EventTypes.POWER_LEVELS);
    if (current.isEmpty() || !levels.maySend(user, EventTypes.POWER_LEVELS, true)) {
      return;
    }
    ObjectNode content = current.get().pdu().content().deepCopy();
    long level = Math.max(MODERATOR, content.path("users_default").asLong(0) + 1);
    if (levels.userLevel(user) < level) {
      return;
    }
    for (String each : List.of("events_default", "invite")) {
      if (content.path(each).asLong(0) < level) {
        content.put(each, level);
      }
    }
    RoomReply.Done done = commands.perform(set(old, user, EventTypes.POWER_LEVELS, content));
    if (done.events().isEmpty()) {
      throw new IllegalStateException("the power levels of " + old + " made no event");
    }
  }

  private static RoomInput set(RoomId room, UserId user, String type, ObjectNode content) {
    return new RoomInput.SendEvent(
        room, EventDraft.state(room, user, StateKey.of(type), content), null);
  }
}
