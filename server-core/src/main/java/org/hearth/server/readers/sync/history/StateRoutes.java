package org.hearth.server.readers.sync.history;

import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.tokens.Snapshots;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;

/// `GET /rooms/{roomId}/state` and `…/state/{eventType}/{stateKey}`: for who is in the room the state now;
/// for who has left, the state then; for anyone else, only if the room is open to all to read.
///
/// **Source:** [getting events for a room][events].
///
/// [events]: https://spec.matrix.org/v1.19/client-server-api/#getting-events-for-a-room
public final class StateRoutes implements RouteGroup {
  private final RoomQueries rooms;
  private final ClientEvents events;
  private final Snapshots snapshots;

  public StateRoutes(RoomQueries rooms, ClientEvents events, Snapshots snapshots) {
    this.rooms = rooms;
    this.events = events;
    this.snapshots = snapshots;
  }

  @Override
  public void register(Routes routes) {
    add(routes, "/rooms/{roomId}/state", this::all);
    add(
        routes,
        "/rooms/{roomId}/state/{eventType}",
        request -> one(request, new StateKey(request.path("eventType"), "")));
    add(
        routes,
        "/rooms/{roomId}/state/{eventType}/{stateKey?}",
        request -> one(request, new StateKey(request.path("eventType"), request.path("stateKey"))));
  }

  private static void add(Routes routes, String path, org.hearth.server.http.Handler handler) {
    routes.add(
        HttpMethod.GET, ClientPaths.v3(path), Access.USER_OR_GUEST, RateClass.DEFAULT, handler);
  }

  private Response all(Request request) {
    Viewer viewer = Viewer.of(request.requester());
    RoomId room = Parameters.room(request);
    Optional<RoomState> state = state(room, viewer);
    return Response.written(stream -> {
      stream.awaitTurn();
      List<LogPosition> positions =
          state.stream().flatMap(each -> each.positions().values().stream()).sorted().toList();
      events.writeState(stream.json(), positions, viewer, own(room, viewer), EventStyle.SINGLE);
    });
  }

  private Response one(Request request, StateKey key) {
    Viewer viewer = Viewer.of(request.requester());
    RoomId room = Parameters.room(request);
    boolean whole =
        switch (request.query("format").orElse("content")) {
          case "content" -> false;
          case "event" -> true;
          default -> throw MatrixException.invalidParam("format must be content or event");
        };
    RoomEvent event =
        state(room, viewer)
            .flatMap(state -> state.event(key))
            .orElseThrow(() -> MatrixException.notFound("The room has no such state"));
    return Response.json(
        whole
            ? events.stateEvent(event, viewer, own(room, viewer), EventStyle.SINGLE)
            : events.content(event, own(room, viewer)));
  }

  private Optional<RoomState> state(RoomId room, Viewer viewer) {
    LogPosition now = snapshots.current();
    return rooms.stateAt(room, RoomAccess.of(rooms, room, viewer.user(), now).upTo());
  }

  private OwnMembership own(RoomId room, Viewer viewer) {
    return OwnMembership.upTo(rooms, rooms.membership(room, viewer.user()));
  }
}
