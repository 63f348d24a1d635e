package org.hearth.server.readers.federationquery;

import org.hearth.server.http.Access;
import org.hearth.server.http.Handler;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Routes;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;

/// What the calls are made of by which other servers ask about rooms.
///
/// @param door who may ask about what
/// @param shown what of it they get
record Sources(Door door, RoomQueries rooms, PeerQueries peers, Shown shown) {
  private static final String V1 = "/_matrix/federation/v1";

  /// Registers one of them.
  ///
  /// @param path from `/federation/v1` on
  static void add(Routes routes, HttpMethod method, String path, Handler handler) {
    var _ = routes.add(method, V1 + path, Access.SERVER, RateClass.FEDERATION, handler);
  }
}
