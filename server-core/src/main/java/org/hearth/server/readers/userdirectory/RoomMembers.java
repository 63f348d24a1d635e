package org.hearth.server.readers.userdirectory;

import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Who is in a room now.
///
/// **thread**: any.
interface RoomMembers {
  /// Those who are joined.
  Set<UserId> joined(RoomId room);

  /// The member events of these users, of those who have one.
  List<Pdu> events(RoomId room, List<UserId> users);

  /// As the Room Server has it.
  static RoomMembers of(RoomQueries rooms) {
    return new RoomMembers() {
      @Override
      public Set<UserId> joined(RoomId room) {
        return rooms.joinedUsers(room);
      }

      @Override
      public List<Pdu> events(RoomId room, List<UserId> users) {
        List<StateKey> keys = users.stream().map(each -> StateKey.member(each.value())).toList();
        return rooms.currentState(room).stream()
            .flatMap(state -> state.events(keys).stream())
            .map(RoomEvent::pdu)
            .toList();
      }
    };
  }
}
