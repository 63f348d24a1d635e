package org.hearth.server.matrix.auth;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// What a user is to a room.
public enum Membership {
  /// In the room.
  JOIN("join"),
  /// Asked to come.
  INVITE("invite"),
  /// Not in the room: gone, sent away, or never there.
  LEAVE("leave"),
  /// Not to come back.
  BAN("ban"),
  /// Asking to be let in (since version 7).
  KNOCK("knock");

  private final String value;

  Membership(String value) {
    this.value = value;
  }

  /// The word in `content.membership`.
  public String value() {
    return value;
  }

  /// The membership with this word, empty for a word that the specification does not know.
  public static Optional<Membership> of(String value) {
    for (Membership each : values()) {
      if (each.value.equals(value)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /// The membership that a content states, empty when it states none.
  public static Optional<Membership> in(JsonNode content) {
    return Json.string(content, "membership").flatMap(Membership::of);
  }

  /// The membership that a member event states, empty when it states none.
  public static Optional<Membership> of(Pdu member) {
    return in(member.content());
  }

  /// Whether that is an event by which its user is in the room.
  public static boolean isJoin(@Nullable Pdu member) {
    return member != null && of(member).filter(JOIN::equals).isPresent();
  }

  /// The membership of a user in a state; `leave` when the state does not know the user.
  public static Membership in(AuthState state, UserId user) {
    return state.get(StateKey.member(user.value())).flatMap(Membership::of).orElse(LEAVE);
  }
}
