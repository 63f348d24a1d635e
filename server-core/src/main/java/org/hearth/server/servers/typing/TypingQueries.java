package org.hearth.server.servers.typing;

import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about typing. An answer is no older than what typing-output has told.
///
/// **thread**: any; answered from memory.
public interface TypingQueries {
  /// The name in the wiring of the box that answers.
  String BOX = "TypingServer";

  /// Who types in the room, in the order in which they started.
  List<UserId> typing(RoomId room);

  /// The rooms in which somebody types.
  Set<RoomId> rooms();
}
