package org.hearth.server.matrix.auth;

import static org.hearth.server.matrix.auth.AuthVerdict.rejected;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.KnownEvents.KnownEvent;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomRule;

/// The authorisation rules of all room versions, numbered as in version 12.
///
/// Of the [checks on receipt][checks], [#checkAuthEvents] is check 4; [#check] is checks 5 and 6, with
/// the state before the event and with the current state. The same [#check] judges events of our own
/// users and, in state resolution, each event against the state that is being built.
///
/// A rule is applied where its text stands; the versions before the text are those that have it. What
/// an event contains never makes a rule throw: what has the wrong type is what the rule refuses, or
/// absent.
///
/// **thread**: any; no state of its own.
///
/// **source**: [authorisation rules][rules] of version 12 and those of the versions before.
///
/// [checks]: https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
/// [rules]: https://spec.matrix.org/v1.19/rooms/v12/#authorisation-rules
public final class AuthRules {
  private AuthRules() {}

  /// Judges an event against a state; its signatures were checked before.
  public static AuthVerdict check(Pdu event, AuthState state) {
    return check(event, state, SignedBy.CHECKED_BEFORE);
  }

  /// Judges an event against a state: all rules except those about `auth_events`.
  public static AuthVerdict check(Pdu event, AuthState state, SignedBy signatures) {
    // v1-v12, 1: "If type is m.room.create:"
    if (event.type().equals(EventTypes.CREATE)) {
      return CreateRules.check(event);
    }
    Optional<Pdu> create = state.get(StateKey.of(EventTypes.CREATE));
    if (event.version().has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      // v12, 2: "If the event's room_id is not an event ID for an accepted (not rejected)
      // m.room.create event, with the sigil ! instead of $, reject." No state holds a rejected one.
      if (create.isEmpty()
          || !RoomId.ofCreateEvent(create.get().eventId()).equals(event.roomId())) {
        return rejected(
            AuthRule.ROOM_ID_IS_NO_CREATE_EVENT,
            "the state's create event is not that of " + event.roomId());
      }
    } else if (create.isEmpty()) {
      // v1-v11, 2.4: "If there is no m.room.create event among the entries, reject." A state
      // without one authorises nothing either.
      return rejected(AuthRule.NO_CREATE_EVENT, "no create event in the state");
    }
    return check(Judgement.of(event, state, create.get(), signatures));
  }

  private static AuthVerdict check(Judgement judgement) {
    Pdu event = judgement.event();

    // v1-v12, 4: "If the content of the m.room.create event in the room state has the property
    // m.federate set to false, and the sender domain of the event does not match the sender domain
    // of the create event, reject."
    Pdu create = judgement.create();
    JsonNode federate = create.content().path("m.federate");
    if (federate.isBoolean()
        && !federate.booleanValue()
        && !event.sender().isOn(create.sender().server())) {
      return rejected(
          AuthRule.NOT_FEDERATED,
          "%s is not of %s".formatted(event.sender(), create.sender().server()));
    }

    // v1-v5, 4: "If type is m.room.aliases:"
    if (event.type().equals(EventTypes.ALIASES) && judgement.has(RoomRule.ALIASES_AUTHORISATION)) {
      return checkAliases(event);
    }

    // v1-v12, 5: "If type is m.room.member:"
    if (event.type().equals(EventTypes.MEMBER)) {
      return MemberRules.check(judgement);
    }

    // v1-v12, 6: "If the sender's current membership state is not join, reject."
    Membership membership = judgement.senderMembership();
    if (membership != Membership.JOIN) {
      return rejected(
          AuthRule.SENDER_NOT_JOINED,
          "membership of %s is %s".formatted(event.sender(), membership.value()));
    }

    PowerLevels levels = judgement.levels();
    // v1-v12, 7: "If type is m.room.third_party_invite: Allow if and only if sender's current power
    // level is greater than or equal to the invite level."
    if (event.type().equals(EventTypes.THIRD_PARTY_INVITE)) {
      return judgement.senderLevel() >= levels.invite()
          ? AuthVerdict.allowed()
          : rejected(
              AuthRule.THIRD_PARTY_INVITE_POWER,
              judgement.power("the invite level", levels.invite()));
    }

    // v1-v12, 8: "If the event type's required power level is greater than the sender's power
    // level, reject."
    long needed = levels.neededFor(event.type(), event.isState());
    if (needed > judgement.senderLevel()) {
      return rejected(
          AuthRule.REQUIRED_POWER, judgement.power("the level for " + event.type(), needed));
    }

    // v1-v12, 9: "If the event has a state_key that starts with an @ and does not match the sender,
    // reject."
    Optional<String> stateKey = event.stateKey();
    if (stateKey.isPresent()
        && stateKey.get().startsWith("@")
        && !stateKey.get().equals(event.sender().value())) {
      return rejected(
          AuthRule.STATE_KEY_OF_ANOTHER_USER,
          "state key %s of sender %s".formatted(stateKey.get(), event.sender()));
    }

    // v1-v12, 10: "If type is m.room.power_levels:"
    if (event.type().equals(EventTypes.POWER_LEVELS)) {
      return PowerLevelsRules.check(judgement);
    }

    // v1-v2, 11: "If type is m.room.redaction:"
    if (event.isRedaction() && judgement.has(RoomRule.REDACTION_AUTHORISATION)) {
      return checkRedaction(judgement);
    }

    // v1-v12, 11 (12 in versions 1 and 2): "Otherwise, allow."
    return AuthVerdict.allowed();
  }

  private static AuthVerdict checkAliases(Pdu event) {
    // v1-v5, 4.1: "If event has no state_key, reject."
    Optional<String> stateKey = event.stateKey();
    if (stateKey.isEmpty()) {
      return rejected(AuthRule.ALIASES_WITHOUT_STATE_KEY, "no state_key");
    }
    // v1-v5, 4.2: "If sender's domain doesn't match state_key, reject."
    if (!stateKey.get().equals(event.sender().server().value())) {
      return rejected(
          AuthRule.ALIASES_OTHER_DOMAIN,
          "aliases of %s by %s".formatted(stateKey.get(), event.sender()));
    }
    // v1-v5, 4.3: "Otherwise, allow."
    return AuthVerdict.allowed();
  }

  private static AuthVerdict checkRedaction(Judgement judgement) {
    Pdu event = judgement.event();
    // v1-v2, 11.1: "If the sender's power level is greater than or equal to the redact level,
    // allow."
    long redact = judgement.levels().redact();
    if (judgement.senderLevel() >= redact) {
      return AuthVerdict.allowed();
    }
    // v1-v2, 11.2: "If the domain of the event_id of the event being redacted is the same as the
    // domain of the event_id of the m.room.redaction, allow."
    Optional<ServerName> own = event.eventId().server();
    if (own.isPresent() && event.redacts().flatMap(EventId::server).equals(own)) {
      return AuthVerdict.allowed();
    }
    // v1-v2, 11.3: "Otherwise, reject."
    return rejected(AuthRule.REDACTION_POWER, judgement.power("the redact level", redact));
  }

  /// Judges an event against the auth events it cites: the rules about `auth_events`, then all
  /// others with the state that these events form.
  ///
  /// @param known must find every auth event and, since version 12, the create event; who lacks one
  ///   fetches it first
  public static AuthVerdict checkAuthEvents(Pdu event, KnownEvents known, SignedBy signatures) {
    if (event.type().equals(EventTypes.CREATE)) {
      return CreateRules.check(event);
    }
    Map<StateKey, Pdu> state = new HashMap<>();

    // v12, 2: "If the event's room_id is not an event ID for an accepted (not rejected)
    // m.room.create event, with the sigil ! instead of $, reject."
    if (event.version().has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      Optional<Pdu> create =
          known
              .find(EventId.parse("$" + event.roomId().value().substring(1)))
              .filter(found -> !found.rejected())
              .map(KnownEvent::event)
              .filter(found -> found.type().equals(EventTypes.CREATE));
      if (create.isEmpty()) {
        return rejected(
            AuthRule.ROOM_ID_IS_NO_CREATE_EVENT,
            event.roomId() + " is of no accepted create event");
      }
      state.put(StateKey.of(EventTypes.CREATE), create.get());
    }

    List<KnownEvent> entries = new ArrayList<>();
    for (EventId id : event.authEvents()) {
      Optional<KnownEvent> entry = known.find(id);
      if (entry.isEmpty()) {
        return rejected(AuthRule.AUTH_EVENT_UNKNOWN, "auth event " + id + " is not known");
      }
      entries.add(entry.get());
    }
    AuthVerdict verdict = checkEntries(event, entries);
    if (!verdict.isAllowed()) {
      return verdict;
    }
    for (KnownEvent entry : entries) {
      key(entry).ifPresent(key -> state.put(key, entry.event()));
    }
    return check(event, AuthState.of(state), signatures);
  }

  /// 3: "Considering the event's auth_events".
  private static AuthVerdict checkEntries(Pdu event, List<KnownEvent> entries) {
    // v1-v12, 3.1: "If there are duplicate entries for a given type and state_key pair, reject."
    Set<StateKey> seen = new HashSet<>();
    for (KnownEvent entry : entries) {
      Optional<StateKey> key = key(entry);
      if (key.isPresent() && !seen.add(key.get())) {
        return rejected(AuthRule.AUTH_EVENTS_DUPLICATE, "two auth events for " + key.get());
      }
    }

    // v1-v12, 3.2: "If there are entries whose type and state_key don't match those specified by
    // the auth events selection algorithm described in the server specification, reject."
    List<StateKey> selected = AuthEventSelection.keysFor(event);
    for (KnownEvent entry : entries) {
      if (!key(entry).filter(selected::contains).isPresent()) {
        return rejected(
            AuthRule.AUTH_EVENTS_UNEXPECTED,
            "auth event %s of type %s".formatted(entry.event().eventId(), entry.event().type()));
      }
    }

    // v1-v12, 3.3: "If there are entries which were themselves rejected under the checks performed
    // on receipt of a PDU, reject."
    for (KnownEvent entry : entries) {
      if (entry.rejected()) {
        return rejected(
            AuthRule.AUTH_EVENTS_REJECTED,
            "auth event " + entry.event().eventId() + " was rejected");
      }
    }

    // v1-v11, 2.4: "If there is no m.room.create event among the entries, reject."
    if (!event.version().has(RoomRule.ROOM_ID_IS_CREATE_HASH)
        && !seen.contains(StateKey.of(EventTypes.CREATE))) {
      return rejected(AuthRule.NO_CREATE_EVENT, "no create event among the auth events");
    }

    // v1-v12, 3.5: "If any event in auth_events has a room_id which does not match that of the
    // event being authorised, reject."
    for (KnownEvent entry : entries) {
      if (!entry.event().roomId().equals(event.roomId())) {
        return rejected(
            AuthRule.AUTH_EVENTS_OTHER_ROOM,
            "auth event %s is of %s".formatted(entry.event().eventId(), entry.event().roomId()));
      }
    }
    return AuthVerdict.allowed();
  }

  private static Optional<StateKey> key(KnownEvent entry) {
    return entry.event().stateKeyPair();
  }
}
