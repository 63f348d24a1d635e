package org.hearth.server.writers.federationmembership.joining;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;

/// Which servers are asked for something about a room, the likeliest first.
///
/// **thread**: any; a call may read from the disk.
final class Candidates {
  /// So many are asked.
  static final int MOST = 12;

  /// Of those that the client or an alias names; the others leave place for those that are known.
  static final int MOST_NAMED = 8;

  private final ServerName here;
  private final RoomQueries rooms;
  private final PeerQueries peers;

  Candidates(ServerName here, RoomQueries rooms, PeerQueries peers) {
    this.here = here;
    this.rooms = rooms;
    this.peers = peers;
  }

  /// The servers to ask.
  ///
  /// @param named by the client or by an alias
  List<ServerName> of(Wish wish, List<ServerName> named) {
    RoomId room = wish.room();
    Set<ServerName> all = new LinkedHashSet<>();
    named.stream()
        .distinct()
        .filter(each -> !each.equals(here))
        .limit(MOST_NAMED)
        .forEach(all::add);
    // "In the case of a new user joining a room as a result of a received invite, the joining
    // user's homeserver could optimise this step away by picking the origin server of that invite
    // message as the join candidate."
    rooms.outside(room, wish.user()).map(OutsideRoom::servers).ifPresent(all::addAll);
    inviter(wish).ifPresent(all::add);
    peers.servers(room).stream().limit(MOST).forEach(all::add);
    room.server().ifPresent(all::add);
    if (all.stream().allMatch(here::equals)) {
      // Everybody has left, as far as is known here. Who has left may have come back.
      rooms.members(room, Set.of(Membership.LEAVE)).stream()
          .map(each -> each.user().server())
          .distinct()
          .limit(MOST)
          .forEach(all::add);
    }
    return all.stream().filter(each -> !each.equals(here)).limit(MOST).toList();
  }

  private Optional<ServerName> inviter(Wish wish) {
    return rooms
        .membership(wish.room(), wish.user())
        .filter(each -> each.membership() == Membership.INVITE)
        .flatMap(each -> rooms.eventAt(each.position()))
        .map(each -> each.sender().server());
  }
}
