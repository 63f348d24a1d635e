package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;

/// What users want of rooms in which no user of this server is: other servers have to be asked for
/// it.
///
/// Where a call answers whether it is done, `false` means that users of this server are in the room
/// by now, so that it is for the Room Server.
///
/// **thread**: any that may wait: as long as a client does.
///
/// **errors**: a [org.hearth.server.matrix.error.MatrixException] when nobody did it, with the
/// error for the client.
public interface RoomsElsewhere {
  /// Whether users of this server are in the room.
  boolean isHere(RoomId room);

  /// Has a user join.
  ///
  /// @param content of the member event, beside `membership`
  /// @param through servers that may be in the room, the likeliest first
  /// @return whether it is done
  /// @throws InterruptedException if the caller was interrupted; it goes on
  boolean join(RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException;

  /// Has a guest join, if the room lets guests in.
  ///
  /// @param content as of [#join]
  /// @param through as of [#join]
  /// @return whether it is done
  /// @throws InterruptedException if the caller was interrupted; it goes on
  boolean joinAsGuest(RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException;

  /// Has a user join a restricted room in which users of this server are, none of whom may
  /// authorise that.
  ///
  /// @param content as of [#join]
  /// @param through as of [#join]
  /// @throws InterruptedException if the caller was interrupted; it goes on
  void joinAuthorisedElsewhere(
      RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException;

  /// Has a user knock.
  ///
  /// @param content as of [#join]
  /// @param through as of [#join]
  /// @return whether it is done
  /// @throws InterruptedException if the caller was interrupted; it goes on
  boolean knock(RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException;

  /// Has a user decline an invitation, or take back a knock.
  ///
  /// @param content as of [#join]
  /// @return whether it is done
  /// @throws InterruptedException if the caller was interrupted; it goes on
  boolean leave(RoomId room, UserId user, ObjectNode content) throws InterruptedException;
}
