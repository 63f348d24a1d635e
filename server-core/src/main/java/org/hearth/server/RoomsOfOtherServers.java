package org.hearth.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms.Result;
import org.hearth.server.writers.roomsend.RoomsElsewhere;

/// FederationMembership as ClientRoomSend has it do what its clients want.
///
/// **thread**: any that may wait.
final class RoomsOfOtherServers implements RoomsElsewhere {
  private final RemoteRooms rooms;

  RoomsOfOtherServers(RemoteRooms rooms) {
    this.rooms = rooms;
  }

  @Override
  public boolean isHere(RoomId room) {
    return rooms.isHere(room);
  }

  @Override
  public boolean join(RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException {
    return isDone(rooms.join(room, user, content, through));
  }

  @Override
  public boolean joinAsGuest(RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException {
    return isDone(rooms.joinAsGuest(room, user, content, through));
  }

  @Override
  public void joinAuthorisedElsewhere(
      RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException {
    var _ = isDone(rooms.joinAuthorisedElsewhere(room, user, content, through));
  }

  @Override
  public boolean knock(RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException {
    return isDone(rooms.knock(room, user, content, through));
  }

  @Override
  public boolean leave(RoomId room, UserId user, ObjectNode content) throws InterruptedException {
    return isDone(rooms.leave(room, user, content));
  }

  private static boolean isDone(Result result) {
    return switch (result) {
      case Result.Done() -> true;
      case Result.Here() -> false;
      case Result.Refused(var error) -> throw error;
    };
  }
}
