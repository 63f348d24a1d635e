package org.hearth.server.matrix.auth;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// Which entries of the room's state an event must cite as its `auth_events`.
///
/// **source**: [auth events selection][s].
///
/// [s]: https://spec.matrix.org/v1.19/server-server-api/#auth-events-selection
public final class AuthEventSelection {
  private AuthEventSelection() {}

  /// The keys for an event.
  public static List<StateKey> keysFor(Pdu event) {
    return keysFor(
        event.version(), event.type(), event.sender(), event.stateKey(), event.content());
  }

  /// The keys for an event that one of our users wants to send.
  public static List<StateKey> keysFor(EventDraft draft, RoomVersion version) {
    return keysFor(version, draft.type(), draft.sender(), draft.stateKey(), draft.content());
  }

  /// The keys for an event of which no more is known than this.
  ///
  /// @return in the order of the specification, without doubles; those that the state does not hold
  ///   are simply not cited. Empty for a create event
  public static List<StateKey> keysFor(
      RoomVersion version,
      String type,
      UserId sender,
      Optional<String> stateKey,
      JsonNode content) {
    // "The auth_events for the m.room.create event in a room is empty"
    if (type.equals(EventTypes.CREATE)) {
      return List.of();
    }
    Set<StateKey> keys = new LinkedHashSet<>();
    // "Depending on the room version, the m.room.create event." Until version 11.
    if (!version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      keys.add(StateKey.of(EventTypes.CREATE));
    }
    // "The current m.room.power_levels event, if any."
    keys.add(StateKey.of(EventTypes.POWER_LEVELS));
    // "The sender's current m.room.member event, if any."
    keys.add(StateKey.member(sender.value()));
    // "If type is m.room.member:"
    if (type.equals(EventTypes.MEMBER) && stateKey.isPresent()) {
      addForMember(version, stateKey.get(), content, keys);
    }
    return List.copyOf(keys);
  }

  private static void addForMember(
      RoomVersion version, String target, JsonNode content, Set<StateKey> keys) {
    // "The target's current m.room.member event, if any."
    keys.add(StateKey.member(target));
    Optional<Membership> membership = Membership.in(content);
    if (membership.isEmpty()) {
      return;
    }
    switch (membership.get()) {
      // "If membership is join, invite or knock, the current m.room.join_rules event, if any."
      case JOIN -> {
        keys.add(StateKey.of(EventTypes.JOIN_RULES));
        // "If membership is join, content.join_authorised_via_users_server is present, and the room
        // version supports restricted rooms, then the m.room.member event with state_key matching
        // content.join_authorised_via_users_server."
        if (version.has(RoomRule.RESTRICTED_JOINS)) {
          Json.string(content, "join_authorised_via_users_server")
              .ifPresent(user -> keys.add(StateKey.member(user)));
        }
      }
      case INVITE -> {
        keys.add(StateKey.of(EventTypes.JOIN_RULES));
        // "If membership is invite and content contains a third_party_invite property, the current
        // m.room.third_party_invite event with state_key matching
        // content.third_party_invite.signed.token, if any."
        Json.string(content.path("third_party_invite").path("signed"), "token")
            .ifPresent(token -> keys.add(new StateKey(EventTypes.THIRD_PARTY_INVITE, token)));
      }
      case KNOCK -> keys.add(StateKey.of(EventTypes.JOIN_RULES));
      case LEAVE, BAN -> {}
    }
  }
}
