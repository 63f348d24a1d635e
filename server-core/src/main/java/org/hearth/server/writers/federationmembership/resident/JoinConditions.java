package org.hearth.server.writers.federationmembership.resident;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.JoinRule;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.jspecify.annotations.Nullable;

/// Whether users of other servers may join a room that is restricted.
///
/// **thread**: any. **source**: [restricted
/// rooms](https://spec.matrix.org/v1.19/server-server-api/#restricted-rooms)
final class JoinConditions {
  /// So many conditions of a room are looked at; rooms have a few.
  static final int MOST = 100;

  private final ServerName here;
  private final RoomQueries rooms;
  private final PeerQueries peers;

  JoinConditions(ServerName here, RoomQueries rooms, PeerQueries peers) {
    this.here = here;
    this.rooms = rooms;
    this.peers = peers;
  }

  /// How a user would come into a room.
  ///
  /// @param open whether the room lets the user in, so that this server may say so by its signature
  /// @param by the room whose members a restricted room lets in, of which the user is one; null
  ///   where no condition is needed
  record Way(boolean open, @Nullable RoomId by) {}

  /// Looks whether the room lets the user in as it is now: "A resident server processing a request
  /// to join a restricted room must ensure that the joining server satisfies at least one of the
  /// conditions specified by `m.room.join_rules`."
  ///
  /// @throws MatrixException `M_UNABLE_TO_AUTHORISE_JOIN` if another server may know better,
  ///   `M_FORBIDDEN` if the user fails all conditions
  Way way(Door.Room room, UserId user) {
    Membership membership =
        rooms.membership(room.id(), user).map(RoomMembership::membership).orElse(Membership.LEAVE);
    if (membership == Membership.BAN) {
      return new Way(false, null);
    }
    // "If the user has an invite to the room then the restrictions will not affect them."
    if (membership == Membership.JOIN || membership == Membership.INVITE) {
      return new Way(true, null);
    }
    Optional<RoomState> state = rooms.currentState(room.id());
    AuthState current = key -> state.flatMap(each -> each.event(key)).map(RoomEvent::pdu);
    return switch (JoinRule.in(current, room.version())) {
      case PUBLIC -> new Way(true, null);
      case INVITE, KNOCK, NONE -> new Way(false, null);
      case RESTRICTED, KNOCK_RESTRICTED ->
          new Way(true, allowing(conditions(state.orElseThrow()), user));
    };
  }

  /// The rooms whose members are let in: "If no conditions are available, or none match the
  /// required schema, then the joining server is considered to have failed all conditions."
  private static List<RoomId> conditions(RoomState state) {
    List<RoomId> allowed = new ArrayList<>();
    JsonNode all =
        state
            .event(EventTypes.JOIN_RULES)
            .map(RoomEvent::pdu)
            .map(Pdu::content)
            .<JsonNode>map(content -> content.path("allow"))
            .orElseThrow();
    for (JsonNode each : all) {
      if (allowed.size() < MOST && each.path("type").asText().equals("m.room_membership")) {
        Identifiers.read(RoomId::parse, each.path("room_id").asText()).ifPresent(allowed::add);
      }
    }
    return allowed;
  }

  private RoomId allowing(List<RoomId> allowed, UserId user) {
    Set<RoomId> joined =
        rooms.roomsOf(user, Set.of(Membership.JOIN)).stream()
            .map(RoomMembership::room)
            .collect(Collectors.toSet());
    boolean allAreKnown = true;
    for (RoomId each : allowed) {
      // Who was in a room when the last of this server left it may have left it since.
      boolean known = peers.servers(each).contains(here);
      if (known && joined.contains(each)) {
        return each;
      }
      allAreKnown &= known;
    }
    if (!allAreKnown) {
      // "The resident server is unable to validate any of the conditions, usually because the
      // resident server does not have state information about rooms required by the conditions."
      throw new MatrixException(
          Errcode.UNABLE_TO_AUTHORISE_JOIN,
          "This server cannot tell whether the room lets the user in");
    }
    // "If the joining server fails all conditions then a 403 `M_FORBIDDEN` error is used by the
    // resident server."
    throw MatrixException.forbidden("The user is in none of the rooms whose members may join");
  }
}
