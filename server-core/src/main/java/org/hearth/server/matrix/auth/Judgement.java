package org.hearth.server.matrix.auth;

import java.util.Optional;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// One event before one state: what several rules ask for.
///
/// @param event the event, not a create event
/// @param state the state it is judged against
/// @param create the state's create event
/// @param levels the state's power levels
/// @param signatures who has signed the event
record Judgement(Pdu event, AuthState state, Pdu create, PowerLevels levels, SignedBy signatures) {

  static Judgement of(Pdu event, AuthState state, Pdu create, SignedBy signatures) {
    PowerLevels levels =
        PowerLevels.of(
            event.version(), state.get(StateKey.of(EventTypes.POWER_LEVELS)), Optional.of(create));
    return new Judgement(event, state, create, levels, signatures);
  }

  RoomVersion version() {
    return event.version();
  }

  boolean has(RoomRule rule) {
    return version().has(rule);
  }

  UserId sender() {
    return event.sender();
  }

  long senderLevel() {
    return levels.userLevel(event.sender());
  }

  Membership senderMembership() {
    return membership(event.sender());
  }

  Membership membership(UserId user) {
    return Membership.in(state, user);
  }

  /// Whether the sender has one of these levels, in words for a refusal.
  String power(String needed, long level) {
    return "%s has level %s, %s is %s"
        .formatted(sender(), inWords(senderLevel()), needed, inWords(level));
  }

  static String inWords(long level) {
    return level == PowerLevels.INFINITE ? "infinite" : Long.toString(level);
  }
}
