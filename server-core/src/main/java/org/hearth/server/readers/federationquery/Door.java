package org.hearth.server.readers.federationquery;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.http.Request;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.EventStatus;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// About which rooms and events a server may ask.
///
/// A room answers whom it shares with this server: both have somebody in it now, and the room's ACL
/// lets the other take part. Of single events, what was before them, and the state there, it
/// answers also who was in the room when they came here, or by their own states: a server whose
/// last user was taken out of the room while it was away has to see how. It may learn that from a
/// server that was taken out itself by the same, so that one, too, answers about what came before.
/// Who may not ask is told the same, whether there is such a room or not.
///
/// **thread**: any.
final class Door {
  /// Events by which a server that is not in the room may begin to ask what was before them.
  static final int MOST_OUTSIDE = 20;

  private final ServerName here;
  private final RoomQueries rooms;
  private final PeerQueries peers;

  Door(ServerName here, RoomQueries rooms, PeerQueries peers) {
    this.here = here;
    this.rooms = rooms;
    this.peers = peers;
  }

  /// The room of the path, for who is in it now.
  ///
  /// @throws MatrixException `M_FORBIDDEN` if the server that asks may not ask about it
  RoomId room(Request request) {
    RoomId room = RoomId.parse(request.path("roomId"));
    if (!isIn(request.origin(), room)) {
      throw notInRoom();
    }
    return room;
  }

  private static MatrixException notInRoom() {
    return MatrixException.forbidden("Your server is not in that room");
  }

  private boolean isIn(ServerName server, RoomId room) {
    Set<ServerName> servers = peers.servers(room);
    return servers.contains(here) && servers.contains(server) && peers.isAllowed(room, server);
  }

  /// Those of the events of a room that the server may ask about, whether it is in it or not.
  private List<RoomEvent> askable(ServerName server, RoomId room, List<RoomEvent> events) {
    boolean weAreIn = peers.servers(room).contains(here);
    if (!(weAreIn || peers.isTakenOut(room, here)) || !peers.isAllowed(room, server)) {
      return List.of();
    }
    List<RoomEvent> theirs = peers.askable(server, events);
    return weAreIn ? theirs : peers.askable(here, theirs);
  }

  /// An event of the room of the path, about which the server may ask.
  ///
  /// @throws MatrixException `M_FORBIDDEN` if the server that asks may not ask about the room;
  ///   `M_NOT_FOUND` if the room has no such event that counts, which another room's event is, one
  ///   that was rejected, and one that is known only because others cite it
  RoomEvent event(Request request, EventId id) {
    RoomId room = RoomId.parse(request.path("roomId"));
    Optional<RoomEvent> event = known(id).filter(each -> each.room().equals(room));
    if (isIn(request.origin(), room)) {
      return event.orElseThrow(() -> notFound(id));
    }
    return event.filter(each -> mayAsk(request.origin(), each)).orElseThrow(Door::notInRoom);
  }

  /// An event of any room about which the server may ask.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if there is none such that counts, or the server may not
  ///   ask about it
  RoomEvent event(ServerName server, EventId id) {
    return known(id).filter(event -> mayAsk(server, event)).orElseThrow(() -> notFound(id));
  }

  private boolean mayAsk(ServerName server, RoomEvent event) {
    return !askable(server, event.room(), List.of(event)).isEmpty();
  }

  /// Those of the events of the room of the path about which the server may ask: all, if it is in
  /// the room.
  ///
  /// @throws MatrixException `M_FORBIDDEN` if it is not, and there are none
  List<EventId> askable(Request request, List<EventId> ids) {
    RoomId room = RoomId.parse(request.path("roomId"));
    if (isIn(request.origin(), room)) {
      return ids;
    }
    List<RoomEvent> events =
        ids.stream()
            .limit(MOST_OUTSIDE)
            .flatMap(each -> known(each).stream())
            .filter(each -> each.room().equals(room))
            .toList();
    List<EventId> askable =
        askable(request.origin(), room, events).stream().map(RoomEvent::id).toList();
    if (askable.isEmpty()) {
      throw notInRoom();
    }
    return askable;
  }

  /// Those of the events of one room about which the server may ask.
  List<RoomEvent> askable(Request request, RoomId room, Collection<RoomEvent> events) {
    return askable(request.origin(), room, List.copyOf(events));
  }

  private Optional<RoomEvent> known(EventId id) {
    return rooms
        .status(id)
        .filter(EventStatus::placed)
        .filter(status -> !status.rejected())
        .flatMap(_ -> rooms.event(id));
  }

  private static MatrixException notFound(EventId id) {
    return MatrixException.notFound("Could not find event " + id);
  }
}
