package org.hearth.server.logs;

import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What the Typing Server is told: the commands of the log typing-input. Each is answered with the
/// position of typing-output from which on readers see what it did.
///
/// **shape**: the partition key is the room id.
public sealed interface TypingInput {
  /// The room that the command is about.
  RoomId room();

  /// A user has started to type, or goes on.
  ///
  /// @param timeoutMillis how long that is so unless it is said again; replaces what was said
  ///   before
  record StartTyping(RoomId room, UserId user, long timeoutMillis) implements TypingInput {}

  /// A user has stopped typing, or has left the room.
  record StopTyping(RoomId room, UserId user) implements TypingInput {}

  /// The time of somebody in the room may have run out.
  record StopExpired(RoomId room) implements TypingInput {}
}
