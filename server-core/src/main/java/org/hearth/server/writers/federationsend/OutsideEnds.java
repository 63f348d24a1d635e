package org.hearth.server.writers.federationsend;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;

/// Events of rooms in which nobody of this server is: all that is heard is that an invitation of a
/// user of this server is taken back, or a knock is turned down. "Rooms without local members"
/// otherwise do not concern it.
///
/// **thread**: any that may wait.
final class OutsideEnds {
  private final RoomQueries rooms;
  private final RoomClient client;
  private final ServerName here;

  OutsideEnds(FederationSend.Needs needs) {
    this.rooms = needs.rooms();
    this.client = needs.client();
    this.here = needs.here();
  }

  /// The version of a room that is not here, if the event may end what a user of this server is to
  /// it; whether it does the Room Server says.
  ///
  /// @param event as it came
  Optional<RoomVersion> version(RoomId room, ObjectNode event) {
    boolean end =
        event.path("type").asText("").equals(EventTypes.MEMBER)
            && Membership.of(event.path("content").path("membership").asText(""))
                .filter(each -> each == Membership.LEAVE || each == Membership.BAN)
                .isPresent();
    return end ? version(room, event.path("state_key").asText("")) : Optional.empty();
  }

  private Optional<RoomVersion> version(RoomId room, String user) {
    return Identifiers.read(UserId::parse, user)
        .filter(each -> each.isOn(here))
        .flatMap(each -> rooms.outside(room, each))
        .filter(OutsideEnds::isOpen)
        .map(each -> each.event().version());
  }

  private static boolean isOpen(OutsideRoom room) {
    return Set.of(Membership.INVITE, Membership.KNOCK).contains(room.membership().membership());
  }

  /// Tells the Room Server of an end.
  ///
  /// @param event that has passed checks 1 to 3
  /// @param origin the server that has handed it over
  /// @return why it does not count; empty if it does
  Optional<String> end(Pdu event, ServerName origin) throws InterruptedException {
    RoomReply reply =
        client.ask(
            new RoomInput.OutsideMembership(
                event.roomId(), event.version().id(), event, List.of(), origin));
    return reply instanceof RoomReply.Refused(_, String detail)
        ? Optional.of(detail)
        : Optional.empty();
  }
}
