package org.hearth.server.servers.notification;

import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about what users of this server have not read.
///
/// **thread**: any; a call may read from the disk. **shape**: who is not in a room has nothing
/// there.
public interface NotificationQueries {
  /// The name in the wiring of the box that answers.
  String BOX = "NotificationServer";

  /// What the user has not read in the room. Whoever was told of an event or a receipt by a log
  /// that is read after this box finds it counted.
  UnreadCounts counts(RoomId room, UserId user);

  /// What the user has not read in all rooms together, of which this looks at each.
  Unread unread(UserId user);

  /// What a user has not read in all rooms.
  ///
  /// @param rooms how many rooms have at least one notification
  /// @param notifications how many there are
  record Unread(long rooms, long notifications) {}
}
