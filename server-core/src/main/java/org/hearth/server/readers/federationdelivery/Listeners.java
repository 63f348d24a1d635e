package org.hearth.server.readers.federationdelivery;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// Whom something concerns that is no event: as of now.
///
/// **thread**: any.
///
/// @param here the name of this server
/// @param allowed whom this server may talk to
record Listeners(
    ServerName here, RoomQueries rooms, PeerQueries peers, Predicate<ServerName> allowed) {
  /// Whether the user is of this server.
  boolean isHere(UserId user) {
    return user.isOn(here);
  }

  /// Whether it is another server, to which this one may talk.
  boolean isTold(ServerName server) {
    return !server.equals(here) && allowed.test(server);
  }

  /// The other servers in a room.
  Set<ServerName> inRoom(RoomId room) {
    Set<ServerName> servers = new HashSet<>(peers.servers(room));
    servers.removeIf(each -> !isTold(each));
    return servers;
  }

  /// Whether the user is in a room in which that server is, to which this one may talk.
  boolean sharesRoom(UserId user, ServerName server) {
    return isTold(server)
        && rooms.roomsOf(user, Set.of(Membership.JOIN)).stream()
            .anyMatch(each -> peers.servers(each.room()).contains(server));
  }

  /// The other servers in any room of a user.
  Set<ServerName> inRoomsOf(UserId user) {
    Set<ServerName> servers = new HashSet<>();
    for (RoomMembership each : rooms.roomsOf(user, Set.of(Membership.JOIN))) {
      servers.addAll(peers.servers(each.room()));
    }
    servers.removeIf(each -> !isTold(each));
    return servers;
  }
}
