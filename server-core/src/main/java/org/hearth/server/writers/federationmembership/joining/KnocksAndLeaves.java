package org.hearth.server.writers.federationmembership.joining;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StrippedState;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms.Result;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms.Step;

/// The second half of a knock and of a leave: the room stays elsewhere, and what the user is to it
/// is noted here.
///
/// **thread**: any that may wait.
final class KnocksAndLeaves {
  /// So much of a room is shown to who has knocked.
  static final int MOST_STRIPPED = 100;

  private final RemoteRooms.Needs needs;
  private final PeerEvents peerEvents;

  KnocksAndLeaves(RemoteRooms.Needs needs) {
    this.needs = needs;
    this.peerEvents = new PeerEvents(needs.client(), needs.keys());
  }

  /// @param event the knock, signed by this server
  Step knock(Resident resident, Wish wish, Pdu event) throws InterruptedException {
    FederationReply reply = resident.sendKnock(event);
    if (!(reply instanceof FederationReply.Answer(_, ObjectNode answer))) {
      return new Step.Failed(reply);
    }
    List<ObjectNode> shown = shown(wish, event.version(), answer.path("knock_room_state"));
    shown.add(StrippedState.of(event));
    return note(wish, event, shown, resident.server());
  }

  /// What the user is shown of the room: "All events listed MUST additionally be formatted
  /// according to the room version specification. Entries which are improperly signed or formatted
  /// SHOULD be removed by the server prior to supplying them over the Client-Server API."
  private List<ObjectNode> shown(Wish wish, RoomVersion version, JsonNode given)
      throws InterruptedException {
    List<ObjectNode> events = new ArrayList<>();
    List<ObjectNode> shown = new ArrayList<>();
    int seen = 0;
    for (JsonNode each : given) {
      if (++seen > MOST_STRIPPED) {
        break;
      }
      if (each instanceof ObjectNode object && object.has("signatures")) {
        events.add(object);
      } else if (each instanceof ObjectNode object
          && !version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
        // "servers SHOULD warn about invites which fail the validation rather than error in room
        // versions 1 through 11": older servers send what is stripped already.
        StrippedState.ofJson(object).ifPresent(shown::add);
      }
    }
    peerEvents.check(wish.room(), version, events).events().stream()
        .filter(Pdu::isState)
        .map(StrippedState::of)
        .forEach(shown::add);
    return shown;
  }

  /// @param event the leave, signed by this server
  Step leave(Resident resident, Wish wish, Pdu event) throws InterruptedException {
    FederationReply reply = resident.sendLeave(event);
    return reply instanceof FederationReply.Answer
        ? note(wish, event, List.of(), resident.server())
        : new Step.Failed(reply);
  }

  private Step note(Wish wish, Pdu event, List<ObjectNode> shown, ServerName via)
      throws InterruptedException {
    RoomReply reply =
        needs
            .commands()
            .ask(
                new RoomInput.OutsideMembership(
                    wish.room(), event.version().id(), event, shown, via));
    if (reply instanceof RoomReply.Refused(Refusal refusal, String detail)
        // A user of this server has come to the room meanwhile: its own tables hear of this.
        && refusal != Refusal.ROOM_EXISTS) {
      throw MatrixException.forbidden(detail);
    }
    return new Step.Done();
  }

  /// No server has taken it: the user is told that it is over, and nobody else. An invitation by a
  /// server that is gone could not be declined otherwise.
  Result leaveForOurselves(Wish wish) throws InterruptedException {
    RoomReply reply =
        needs.commands().ask(new RoomInput.LeaveOutside(wish.room(), wish.user(), wish.content()));
    return reply instanceof RoomReply.Refused(_, String detail)
        ? new Result.Refused(MatrixException.forbidden(detail))
        : new Result.Done();
  }
}
