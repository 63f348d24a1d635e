package org.hearth.server.readers.spaces;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.JoinRule;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.services.directory.PublicRoom;

/// The rooms that somebody of this server is in, and who may know of them.
///
/// **thread**: any.
final class RoomsHere {
  private static final int MOST_ALLOWED_ROOMS = 50;

  /// Events that are read at once.
  private static final int PIECE = 50;

  private final ServerName here;
  private final RoomQueries rooms;
  private final PeerQueries peers;

  RoomsHere(ServerName here, RoomQueries rooms, PeerQueries peers) {
    this.here = here;
    this.rooms = rooms;
    this.peers = peers;
  }

  ServerName server() {
    return here;
  }

  /// Whether what is known of the room is what it is now: somebody of this server is in it.
  boolean has(RoomId room) {
    return peers.servers(room).contains(here);
  }

  /// What the room says about itself.
  Optional<SpaceRoom> room(RoomId room) {
    Optional<PublicRoom> told = PublicRoom.of(room, rooms);
    Optional<RoomState> state = rooms.currentState(room);
    if (told.isEmpty() || state.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode summary = told.get().json().deepCopy();
    rooms.room(room).ifPresent(each -> summary.put("room_version", each.version().id()));
    joinRule(room, state.get(), summary);
    state
        .get()
        .event(EventTypes.ENCRYPTION)
        .map(event -> event.pdu().content().path("algorithm"))
        .filter(JsonNode::isTextual)
        .ifPresent(algorithm -> summary.set("encryption", algorithm));
    boolean space = told.get().roomType().filter(SpaceRoom.SPACE::equals).isPresent();
    return Optional.of(
        SpaceRoom.of(room, summary, space ? children(state.get()) : List.<SpaceChild>of()));
  }

  /// The rule as the room's version has it: one that it does not know lets nobody in, and where
  /// there is none, one has to be invited. Who is told none takes the room for a public one.
  private void joinRule(RoomId room, RoomState state, ObjectNode summary) {
    JoinRule rule = rule(room, state);
    switch (rule) {
      case PUBLIC, INVITE, KNOCK, RESTRICTED, KNOCK_RESTRICTED ->
          summary.put("join_rule", rule.name().toLowerCase(Locale.ROOT));
      case NONE -> summary.put("join_rule", "private");
    }
    if (rule == JoinRule.RESTRICTED || rule == JoinRule.KNOCK_RESTRICTED) {
      ArrayNode allowed = summary.putArray("allowed_room_ids");
      for (JsonNode each :
          state
              .event(EventTypes.JOIN_RULES)
              .map(event -> event.pdu().content().path("allow"))
              .orElseThrow()) {
        if (allowed.size() < MOST_ALLOWED_ROOMS
            && each.path("type").asText().equals("m.room_membership")) {
          Identifiers.read(RoomId::parse, each.path("room_id").asText())
              .ifPresent(id -> allowed.add(id.value()));
        }
      }
    }
  }

  private JoinRule rule(RoomId room, RoomState state) {
    AuthState events = key -> state.event(key).map(RoomEvent::pdu);
    return rooms.room(room).map(each -> JoinRule.in(events, each.version())).orElse(JoinRule.NONE);
  }

  private List<SpaceChild> children(RoomState state) {
    List<LogPosition> positions =
        state.positions().entrySet().stream()
            .filter(each -> each.getKey().type().equals(SpaceChild.TYPE))
            .map(Map.Entry::getValue)
            .sorted()
            .limit(SpaceRoom.MOST_CHILDREN)
            .toList();
    List<SpaceChild> children = new ArrayList<>();
    for (int i = 0; i < positions.size(); i += PIECE) {
      List<LogPosition> piece = positions.subList(i, Math.min(i + PIECE, positions.size()));
      for (RoomEvent each : rooms.eventsAt(piece)) {
        SpaceChild.of(
                each.pdu().stateKey().orElse(""),
                each.sender().value(),
                each.pdu().originServerTs(),
                each.pdu().content())
            .ifPresent(children::add);
      }
    }
    return children;
  }

  /// Whether the user may know of the room: "the requesting user is currently a member", or
  /// "already has permission to join", or the room is "knockable", or world-readable. Who is banned
  /// has no permission to join.
  boolean mayKnow(UserId user, SpaceRoom room) {
    Optional<Membership> membership =
        rooms.membership(room.room(), user).map(RoomMembership::membership);
    if (room.isWorldReadable()
        || membership.filter(Membership.JOIN::equals).isPresent()
        || membership.filter(Membership.INVITE::equals).isPresent()) {
      return true;
    }
    return membership.filter(Membership.BAN::equals).isEmpty()
        && switch (room.joinRule()) {
          case "public", "knock", "knock_restricted" -> true;
          case "restricted" ->
              room.allowedRooms().stream().anyMatch(each -> rooms.isJoined(each, user));
          default -> false;
        };
  }

  /// Whether a server may know of a room that is here: "all the space-room's children the
  /// requesting server could feasibly peek/join are returned".
  boolean mayKnow(ServerName server, SpaceRoom room) {
    if (!peers.isAllowed(room.room(), server)) {
      return false;
    }
    if (room.isWorldReadable() || peers.servers(room.room()).contains(server)) {
      return true;
    }
    return switch (room.joinRule()) {
      case "public", "knock", "knock_restricted" -> true;
      case "restricted" ->
          room.allowedRooms().stream().anyMatch(each -> peers.servers(each).contains(server))
              || isInvited(server, room.room());
      default -> isInvited(server, room.room());
    };
  }

  private boolean isInvited(ServerName server, RoomId room) {
    return rooms.members(room, Set.of(Membership.INVITE)).stream()
        .anyMatch(each -> each.user().isOn(server));
  }

  /// Servers that are likely to know a room that is not here: those by which the user was invited
  /// to it, and the one in its id.
  List<ServerName> likelyServers(UserId user, RoomId room) {
    Set<ServerName> servers = new LinkedHashSet<>();
    rooms.outside(room, user).ifPresent(each -> servers.addAll(each.servers()));
    room.server().ifPresent(servers::add);
    return List.copyOf(servers);
  }

  /// What the user is to the room.
  Optional<Membership> membership(UserId user, RoomId room) {
    return rooms.membership(room, user).map(RoomMembership::membership);
  }
}
