package org.hearth.server.services.account;

import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomQueries;

/// Sees when one of this server's guests has to leave a room: the room is not, or no longer, open
/// to guests. [GuestRemoval] is told of it and does it.
///
/// Follows room-output in memory only: what it missed while the server was down, [GuestRemoval]
/// makes good when it starts. A guest's join that raced with the room's closing is seen here after
/// it, and undone.
///
/// **thread**: the log's for its reader; it reads nothing and waits for nobody.
///
/// **source**: [Guest Access](https://spec.matrix.org/v1.19/client-server-api/#guest-access)
public final class GuestAccess implements MemoryReader.View<RoomOutput> {
  private static final Optional<Membership> JOINED = Optional.of(Membership.JOIN);

  private final GuestRemoval removal;

  /// @param removal lets the guests leave
  GuestAccess(GuestRemoval removal) {
    this.removal = removal;
  }

  /// "Servers MUST only allow guest users to join rooms if the `m.room.guest_access` state event is
  /// present on the room, and has the `guest_access` value `can_join`."
  public static boolean isOpen(RoomQueries rooms, RoomId room) {
    return rooms
        .currentState(room)
        .flatMap(state -> state.event(EventTypes.GUEST_ACCESS))
        .filter(event -> isOpen(event.pdu()))
        .isPresent();
  }

  private static boolean isOpen(Pdu guestAccess) {
    return guestAccess.content().path("guest_access").asText().equals("can_join");
  }

  /// "If the `m.room.guest_access` event is changed to stop this from being the case, the server
  /// MUST set those users' `m.room.member` state to `leave`."
  @Override
  public void take(LogPosition at, RoomOutput entry) {
    switch (entry) {
      case RoomOutput.EventAdded added -> look(added.room(), added.event());
      case RoomOutput.StateChanged changed ->
          changed.changes().forEach(change -> look(changed.room(), change));
      case RoomOutput.EventStored _, RoomOutput.OutsideMember _ -> {} // changes no state
    }
  }

  @Override
  public void renew(LogPosition upTo) {
    removal.lookAtAllGuests();
  }

  private void look(RoomId room, Pdu event) {
    if (event.isMember() && Membership.in(event.content()).equals(JOINED)) {
      removal.lookAt(UserId.parse(event.stateKey().orElseThrow()));
    } else if (event.isState() && event.type().equals(EventTypes.GUEST_ACCESS) && !isOpen(event)) {
      removal.lookAt(room);
    }
  }

  /// State that a resolution brought about or took away.
  private void look(RoomId room, RoomOutput.StateChange change) {
    if (change.now() != null) {
      look(room, change.now());
    } else if (change.key().type().equals(EventTypes.GUEST_ACCESS)) {
      removal.lookAt(room);
    }
  }
}
