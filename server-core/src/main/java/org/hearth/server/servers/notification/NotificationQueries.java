package org.hearth.server.servers.notification;

import java.util.List;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about what users of this server have not read.
///
/// **thread**: any; a call may read from the disk. **shape**: who is not in a room has nothing
/// there.
public interface NotificationQueries {
  /// The name in the wiring of the box that answers.
  String BOX = "NotificationServer";

  /// The name of this box's readers of room-output and receipt-output. Whose own reader comes after
  /// them finds counted what it is told of.
  String READER = "notification-server";

  /// What the user has not read in the room.
  UnreadCounts counts(RoomId room, UserId user);

  /// Whether an event of the room has notified the user, read or not.
  ///
  /// @param after exclusive; of events that are too old to be kept those count that are not read
  /// @param upTo inclusive
  boolean isNotified(RoomId room, UserId user, long after, long upTo);

  /// What the user has not read in all rooms together, of which this looks at each.
  Unread unread(UserId user);

  /// What has notified the user, newest first: in the rooms where the user still is, of each of
  /// which the newest [RoomCounts#MOST_EVENTS] events that notified anybody are known, and the
  /// newest [Invitations#MOST] invitations that wait for an answer.
  ///
  /// @param before exclusive; Long.MAX_VALUE to begin
  /// @param highlights whether only highlights are asked for
  List<Notification> notifications(UserId user, long before, boolean highlights, int limit);

  /// What a user has not read in all rooms.
  ///
  /// @param rooms how many rooms have at least one notification
  /// @param notifications how many there are
  record Unread(long rooms, long notifications) {}
}
