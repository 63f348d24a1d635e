package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Makes an invite of a user of the invite of a third-party identifier that is theirs.
///
/// **thread**: any; a call waits for the commit. **source**: [third-party
/// invites](https://spec.matrix.org/v1.19/client-server-api/#third-party-invites)
final class ThirdPartyInvites {
  private final RoomQueries rooms;
  private final MembershipChanges changes;

  ThirdPartyInvites(RoomQueries rooms, MembershipChanges changes) {
    this.rooms = rooms;
    this.changes = changes;
  }

  /// "The homeserver then exchanges the `m.room.third_party_invite` event in the room for a
  /// complete `m.room.member` event with `content.membership: invite` and a
  /// `content.third_party_invite` property for the user that has bound the third-party identifier."
  ///
  /// The Room Server verifies the signature, by the rule of the auth rules for such an invite.
  ///
  /// @param signed the `third_party_signed` of a request
  /// @throws MatrixException `M_FORBIDDEN` if it does not fit a pending invite, or cannot be used
  ///   here
  void exchange(RoomId room, UserId user, Fields signed) throws InterruptedException {
    String mxid = signed.string("mxid");
    String token = signed.string("token");
    UserId sender = UserId.parse(signed.string("sender"));
    var _ = signed.object("signatures");
    if (!mxid.equals(user.value())) {
      throw MatrixException.forbidden("The third-party invite was signed for another user");
    }
    // "If supplied, the homeserver must verify that it matches a pending m.room.third_party_invite
    // event in the room …"
    RoomEvent invite =
        rooms
            .currentState(room)
            .flatMap(state -> state.event(new StateKey(EventTypes.THIRD_PARTY_INVITE, token)))
            .orElseThrow(() -> MatrixException.forbidden("There is no such third-party invite"));
    if (!invite.sender().equals(sender)) {
      throw MatrixException.forbidden("The third-party invite is of another user");
    }
    // "… and perform key validity checking if required by the event." That is a request to an
    // identity server, and this server makes none.
    if (wantsValidityCheck(invite.pdu().content())) {
      throw MatrixException.forbidden(
          "The third-party invite's keys are to be checked with an identity server, and this server asks none");
    }
    if (!sender.isOn(user.server())) {
      throw MatrixException.forbidden(
          "The third-party invite is of a user of another server, who alone can complete it");
    }
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content
        .putObject("third_party_invite")
        .put("display_name", invite.pdu().content().path("display_name").asText())
        .set("signed", signed.json());
    changes.change(room, sender, user, Membership.INVITE, Set.of(), content);
  }

  /// "key_validity_url: An optional URL which can be fetched … to validate whether the key has been
  /// revoked. … If this URL is absent, the key must be considered valid indefinitely."
  private static boolean wantsValidityCheck(JsonNode invite) {
    if (invite.hasNonNull("key_validity_url")) {
      return true;
    }
    for (JsonNode each : invite.path("public_keys")) {
      if (each.hasNonNull("key_validity_url")) {
        return true;
      }
    }
    return false;
  }
}
