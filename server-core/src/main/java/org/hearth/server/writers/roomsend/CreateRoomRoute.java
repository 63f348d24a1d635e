package org.hearth.server.writers.roomsend;

import java.time.InstantSource;
import java.util.Optional;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.directory.DirectoryService;

/// Making rooms: all first events in one command, and so in one commit. An alias is claimed before,
/// and given back when the room is refused.
final class CreateRoomRoute implements RouteGroup {
  private final RoomQueries rooms;
  private final RoomClient commands;
  private final NewRoomEvents events;
  private final MembershipChanges memberships;
  private final InvitesBeside remoteInvites;
  private final DirectoryService directory;
  private final Usual usual;

  /// What a room has of itself.
  ///
  /// @param clock says no time twice
  /// @param version of a room for which the client names none
  record Usual(InstantSource clock, RoomVersion version) {}

  CreateRoomRoute(
      RoomQueries rooms,
      RoomClient commands,
      NewRoomEvents events,
      MembershipChanges memberships,
      InvitesBeside remoteInvites,
      DirectoryService directory,
      Usual usual) {
    this.rooms = rooms;
    this.commands = commands;
    this.events = events;
    this.memberships = memberships;
    this.remoteInvites = remoteInvites;
    this.directory = directory;
    this.usual = usual;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.POST,
        ClientPaths.v3("/createRoom"),
        Access.USER,
        RateClass.MEMBERSHIP,
        this::create);
  }

  private Response create(Request request) throws InterruptedException {
    NewRoom room = NewRoom.parse(request.jsonOrEmpty(), usual.version());
    UserId creator = request.requester().user();
    room.invited().forEach(each -> memberships.requireInvitable(creator, each));
    long now = usual.clock().millis();
    EventDraft unplaced = EventDraft.create(null, creator, events.createContent(room, creator));
    RoomId id = rooms.newRoomId(room.version(), unplaced, now);
    EventDraft create =
        room.version().has(RoomRule.ROOM_ID_IS_CREATE_HASH)
            ? unplaced
            : EventDraft.create(id, creator, unplaced.content());
    Optional<RoomAlias> alias = room.alias().map(name -> directory.claim(name, id, creator));
    boolean made = false;
    try {
      commands.create(
          new RoomInput.CreateRoom(
              id, room.version().id(), now, create, events.after(id, room, creator, alias)));
      made = true;
    } finally {
      if (!made) {
        alias.ifPresent(directory::release);
      }
    }
    if (room.published()) {
      directory.setPublished(id, true);
    }
    remoteInvites.invite(
        room.invited().stream()
            .filter(each -> !MembershipChanges.isHere(creator, each))
            .map(each ->
                MembershipChanges.remoteInvite(id, creator, each, events.invite(room, each)))
            .toList());
    return Response.field("room_id", id.value());
  }
}
