package org.hearth.server.readers.spaces;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.http.Access;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.JsonWriter;

/// `GET /hierarchy/{roomId}` for other servers: a space that is here, and what is in it.
///
/// **bound**: [#MOST_CHILDREN] children are looked at, and as many told as [#MOST_BYTES] hold.
///
/// **thread**: any. **source**: [the call][s].
///
/// [s]: https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1hierarchyroomid
final class ServerHierarchyRoute implements RouteGroup {
  /// Of more children the others are left out, as those are of which nothing is known here.
  static final int MOST_CHILDREN = 200;

  private static final int MOST_BYTES = 1 << 20;

  private final RoomsHere here;

  ServerHierarchyRoute(RoomsHere here) {
    this.here = here;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        "/_matrix/federation/v1/hierarchy/{roomId}",
        Access.SERVER,
        RateClass.FEDERATION,
        this::hierarchy);
  }

  private Response hierarchy(Request request) {
    ServerName server = request.origin();
    RoomId asked = RoomId.parse(request.path("roomId"));
    boolean suggestedOnly = request.queryFlag("suggested_only", false);
    SpaceRoom room =
        known(asked)
            .filter(each -> here.mayKnow(server, each))
            // "The room is not known to the server or the requesting server is unable to peek/join
            // it."
            .orElseThrow(() -> MatrixException.notFound("Room does not exist"));
    return Response.written(stream -> {
      stream.awaitTurn();
      write(stream.json(), server, room, suggestedOnly);
    });
  }

  private Optional<SpaceRoom> known(RoomId room) {
    return here.has(room) ? here.room(room) : Optional.empty();
  }

  private void write(JsonWriter json, ServerName server, SpaceRoom room, boolean suggestedOnly) {
    List<RoomId> inaccessible = new ArrayList<>();
    json.object().name("room").value(room.json(suggestedOnly));
    json.name("children").array();
    int bytes = 0;
    List<SpaceChild> children = room.children(suggestedOnly);
    for (int i = 0; i < Math.min(children.size(), MOST_CHILDREN) && bytes < MOST_BYTES; i++) {
      Optional<SpaceRoom> child = known(children.get(i).room());
      if (child.isPresent() && here.mayKnow(server, child.get())) {
        json.value(child.get().summary());
        bytes += child.get().bytes();
      } else if (child.isPresent()) {
        inaccessible.add(child.get().room());
      }
    }
    json.endArray().name("inaccessible_children").array();
    inaccessible.forEach(each -> json.value(each.value()));
    json.endArray().endObject();
  }
}
