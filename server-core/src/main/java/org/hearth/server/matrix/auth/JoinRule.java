package org.hearth.server.matrix.auth;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// Who may come into a room, as far as the room's version knows it.
public enum JoinRule {
  /// Everyone.
  PUBLIC("public"),
  /// Who is invited.
  INVITE("invite"),
  /// Who is invited; everyone may ask (since version 7).
  KNOCK("knock"),
  /// Who is invited or authorised by a member, as is a member of another room (since version 8).
  RESTRICTED("restricted"),
  /// As `restricted`, and everyone may ask (since version 10).
  KNOCK_RESTRICTED("knock_restricted"),
  /// Nobody: `private`, or what the room's version does not know.
  NONE("one that lets nobody in");

  private final String inWords;

  JoinRule(String inWords) {
    this.inWords = inWords;
  }

  /// For a message: the word in `content.join_rule` where there is one.
  String inWords() {
    return inWords;
  }

  /// The join rule of a state: `invite` when it states none.
  public static JoinRule in(AuthState state, RoomVersion version) {
    Optional<Pdu> event = state.get(StateKey.of(EventTypes.JOIN_RULES));
    if (event.isEmpty()) {
      return INVITE;
    }
    JsonNode rule = event.get().content().path("join_rule");
    if (rule.isMissingNode()) {
      return INVITE;
    }
    return switch (rule.asText()) {
      case "public" -> PUBLIC;
      case "invite" -> INVITE;
      case "knock" -> since(RoomRule.KNOCKING, version, KNOCK);
      case "restricted" -> since(RoomRule.RESTRICTED_JOINS, version, RESTRICTED);
      case "knock_restricted" -> since(RoomRule.KNOCK_RESTRICTED_JOINS, version, KNOCK_RESTRICTED);
      default -> NONE;
    };
  }

  private static JoinRule since(RoomRule needed, RoomVersion version, JoinRule rule) {
    return version.has(needed) ? rule : NONE;
  }
}
