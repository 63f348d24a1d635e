package org.hearth.server.servers.room.decide;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.state.RoomView;
import org.jspecify.annotations.Nullable;

/// Joins of restricted rooms that this server authorises itself.
///
/// **source**: [restricted
/// rooms](https://spec.matrix.org/v1.19/client-server-api/#restricted-rooms)
final class RestrictedJoins {
  private static final Set<String> RESTRICTED = Set.of("restricted", "knock_restricted");

  private RestrictedJoins() {}

  /// Whether a join needs somebody to authorise it: "If the user has an invite to the room then the
  /// restrictions will not affect them."
  static boolean isNeeded(AuthState state, @Nullable Membership membership) {
    return membership != Membership.JOIN
        && membership != Membership.INVITE
        && RESTRICTED.contains(
            joinRules(state).map(rules -> rules.path("join_rule").asText()).orElse(""));
  }

  /// Whether the join rules let in the members of that room.
  static boolean allows(AuthState state, RoomId other) {
    for (JsonNode condition : joinRules(state).map(r -> r.path("allow")).orElseThrow()) {
      if (condition.path("type").asText().equals("m.room_membership")
          && condition.path("room_id").asText().equals(other.value())) {
        return true;
      }
    }
    return false;
  }

  /// A member of this server who may invite, the most powerful first: "a user with sufficient
  /// permission to invite other users".
  static Optional<UserId> authoriser(RoomView room, AuthState state, ServerName server) {
    PowerLevels levels = PowerLevels.in(state, room.info().version());
    return room.members().joined().stream()
        .filter(user -> user.isOn(server) && levels.userLevel(user) >= levels.invite())
        .max(Comparator.comparingLong(levels::userLevel).thenComparing(Comparator.reverseOrder()));
  }

  private static Optional<JsonNode> joinRules(AuthState state) {
    return state.get(StateKey.of(EventTypes.JOIN_RULES)).map(Pdu::content);
  }
}
