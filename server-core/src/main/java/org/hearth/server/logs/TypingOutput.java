package org.hearth.server.logs;

import java.util.List;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// Who types in a room now: the entries of the log typing-output. Each replaces the one before it
/// of the same room.
///
/// **shape**: the partition key is the room id.
///
/// @param users in the order in which they started; empty when nobody types any more
public record TypingOutput(RoomId room, List<UserId> users) {
  /// Copies the list.
  public TypingOutput {
    users = List.copyOf(users);
  }
}
