package org.hearth.server.writers.federationmembership.resident;

import org.hearth.server.http.Request;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;

/// Which rooms a server may enter through this one, and for whom it may ask.
///
/// **thread**: any.
final class Door {
  private final ServerName here;
  private final RoomQueries rooms;
  private final PeerQueries peers;

  Door(ServerName here, RoomQueries rooms, PeerQueries peers) {
    this.here = here;
    this.rooms = rooms;
    this.peers = peers;
  }

  /// A room that this server is in.
  record Room(RoomId id, RoomVersion version) {}

  /// The room of the path.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if nobody of this server is in it, `M_FORBIDDEN` if the
  ///   room denies the server that asks
  Room room(Request request) {
    RoomId id = RoomId.parse(request.path("roomId"));
    // Of a room that everybody here has left this server knows nothing new.
    if (!peers.servers(id).contains(here)) {
      throw unknown();
    }
    // "If the server is denied access to a room, the receiving server MUST reply with a 403 HTTP
    // status code and an `errcode` of `M_FORBIDDEN`."
    if (!peers.isAllowed(id, request.origin())) {
      throw MatrixException.forbidden("Your server is not allowed in that room");
    }
    return rooms.room(id).map(each -> new Room(id, each.version())).orElseThrow(Door::unknown);
  }

  static MatrixException unknown() {
    return MatrixException.notFound("Unknown room");
  }

  /// The user of the path: "This MUST be a user ID on the origin server."
  ///
  /// @throws MatrixException `M_FORBIDDEN` if it is another's
  static UserId user(Request request) {
    UserId user = UserId.parse(request.path("userId"));
    if (!user.isOn(request.origin())) {
      throw MatrixException.forbidden("The user is not one of your server's");
    }
    return user;
  }
}
