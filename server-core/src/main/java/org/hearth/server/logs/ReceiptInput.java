package org.hearth.server.logs;

import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What the Receipt Server is told: the commands of the log receipt-input. Each is answered, when
/// what it did is durable, with the position from which on readers see it.
///
/// **shape**: the partition key is the room id.
public sealed interface ReceiptInput {
  /// The room that the command is about.
  RoomId room();

  /// A marker is to be at an event, unless it is there or later already.
  ///
  /// @param receipt of an event that the user may see
  record MoveMarker(ReceiptOutput receipt) implements ReceiptInput {
    @Override
    public RoomId room() {
      return receipt.room();
    }
  }

  /// A user has left the room.
  record ForgetMember(RoomId room, UserId user) implements ReceiptInput {}
}
