package org.hearth.server.writers.federationmembership.resident;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.http.Fields;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Makes an invite of a user of another server of the invite of a third-party identifier that has
/// turned out to be theirs.
///
/// **thread**: any that may wait. **source**: [third-party
/// invites](https://spec.matrix.org/v1.19/server-server-api/#third-party-invites)
final class ThirdPartyExchange {
  private final ServerName here;
  private final Door door;
  private final RoomQueries rooms;
  private final ExchangedInvites invites;

  ThirdPartyExchange(ServerName here, Door door, RoomQueries rooms, ExchangedInvites invites) {
    this.here = here;
    this.door = door;
    this.rooms = rooms;
    this.invites = invites;
  }

  /// "The receiving server will verify the partial `m.room.member` event given in the request body.
  /// If valid, the receiving server will issue an invite as per the Inviting to a room section
  /// before returning a response to this request."
  Response exchange(Request request) throws InterruptedException {
    Door.Room room = door.room(request);
    Fields body = Fields.of(request.json());
    require(body.string("type").equals(EventTypes.MEMBER), "The type must be m.room.member");
    // "Must match the ID given in the path."
    require(
        body.string("room_id").equals(room.id().value()),
        "The event is of another room than the path says");
    UserId sender = UserId.parse(body.string("sender"));
    UserId invited = UserId.parse(body.string("state_key"));
    Fields content = body.object("content");
    require(content.string("membership").equals("invite"), "The membership must be invite");
    Fields signed = content.object("third_party_invite").object("signed");
    String token = signed.string("token");
    require(signed.string("mxid").equals(invited.value()), "It was signed for another user");
    var _ = signed.object("signatures");
    // The user's server is told when a third-party identifier turns out to be the user's; nobody
    // else has to ask for that user.
    if (!invited.isOn(request.origin())) {
      throw MatrixException.forbidden("The user is not one of your server's");
    }
    // "The user ID of the user who sent the original `m.room.third_party_invite` event", in whose
    // name only that user's server makes events.
    if (!sender.isOn(here)) {
      throw MatrixException.forbidden("The sender is not a user of this server");
    }
    // "It will fetch from the room's state events the `m.room.third_party_invite` event for which
    // the state key matches with the value for the `token` key". Its keys and its sender are
    // compared by the rules of the room.
    RoomEvent invite =
        rooms
            .currentState(room.id())
            .flatMap(state -> state.event(new StateKey(EventTypes.THIRD_PARTY_INVITE, token)))
            .orElseThrow(() -> MatrixException.forbidden("There is no such third-party invite"));
    if (!rooms.isJoined(room.id(), invited)) {
      invites.invite(
          new RoomInput.PrepareEvent(
              room.id(),
              EventDraft.state(
                  room.id(),
                  sender,
                  StateKey.member(invited.value()),
                  content(invite, signed.json()))));
    }
    return Response.empty();
  }

  /// Nothing of the request goes into the event but what somebody has signed.
  private static ObjectNode content(RoomEvent invite, ObjectNode signed) {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.put("membership", "invite");
    ObjectNode thirdParty = content.putObject("third_party_invite");
    thirdParty.put("display_name", invite.pdu().content().path("display_name").asText());
    thirdParty.set("signed", signed);
    return content;
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw MatrixException.invalidParam(otherwise);
    }
  }
}
