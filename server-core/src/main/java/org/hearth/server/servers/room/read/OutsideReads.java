package org.hearth.server.servers.room.read;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.event.StrippedState;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.state.OutsideRows;
import org.hearth.server.servers.room.state.Places;
import org.hearth.server.store.ReadPool;

/// What those users have of a room who are not in it, be the room here or not.
///
/// **thread**: any.
final class OutsideReads {
  private final RoomQueries rooms;
  private final ReadPool reads;

  OutsideReads(RoomQueries rooms, ReadPool reads) {
    this.rooms = rooms;
    this.reads = reads;
  }

  /// As [RoomQueries#outside].
  Optional<OutsideRoom> find(RoomId room, UserId user) {
    Optional<LogPosition> now = rooms.membership(room, user).map(RoomMembership::position);
    return now.isEmpty()
        ? Optional.empty()
        : OutsideRows.find(reads, room, user)
            .filter(each -> each.membership().position().equals(now.get()));
  }

  /// As [RoomQueries#strippedState].
  List<ObjectNode> strippedState(RoomId room, UserId user) {
    Optional<RoomMembership> membership =
        rooms
            .membership(room, user)
            .filter(each ->
                each.membership() == Membership.INVITE || each.membership() == Membership.KNOCK);
    if (membership.isEmpty()) {
      return List.of();
    }
    Optional<RoomEvent> event = rooms.eventAt(membership.get().position());
    return event.isPresent()
        ? strippedState(event.get(), user)
        : find(room, user).map(OutsideRoom::strippedState).orElse(List.of());
  }

  private List<ObjectNode> strippedState(RoomEvent event, UserId user) {
    List<StateKey> keys = new ArrayList<>(StrippedState.KEYS);
    keys.add(StateKey.member(event.sender().value()));
    keys.add(StateKey.member(user.value()));
    // Who was invited before the room came here is shown it as it is: of an event that has no place
    // the state is not known.
    RoomState shown =
        event.place() == Places.NONE
            ? rooms.currentState(event.room()).orElseThrow()
            : rooms.stateAfter(event);
    return shown.events(keys).stream().map(each -> StrippedState.of(each.pdu())).toList();
  }
}
