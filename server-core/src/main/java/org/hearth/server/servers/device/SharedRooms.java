package org.hearth.server.servers.device;

import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;

/// Whose devices have to be known: those of users of other servers with whom somebody here shares a
/// room, now.
///
/// **thread**: any; a call may read from the disk.
///
/// @param here this server
record SharedRooms(ServerName here, RoomQueries rooms, PeerQueries peers)
    implements RemoteLists.Needed {
  private static final Set<Membership> JOINED = Set.of(Membership.JOIN);

  @Override
  public boolean isNeeded(UserId user, Set<RoomId> except) {
    return rooms.roomsOf(user, JOINED).stream()
        .anyMatch(
            each -> !except.contains(each.room()) && peers.servers(each.room()).contains(here));
  }
}
