package org.hearth.server.logs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;

/// What the Device Server is told: the commands of the log device-input. Each is answered when what
/// it did is durable.
///
/// **shape**: the partition key is the id of the user who sends or whose device it is.
public sealed interface DeviceInput {
  /// The user who sends, or whose device it is.
  UserId user();

  /// Messages are to be given to devices, unless the transaction did so before.
  ///
  /// @param device from which they are sent; empty for a token that belongs to none
  /// @param messages the content by recipient and device id, which may be `*` for all
  record SendMessages(
      UserId user,
      String device,
      String type,
      String transactionId,
      Map<UserId, Map<String, ObjectNode>> messages)
      implements DeviceInput {}

  /// A device has all messages up to that position.
  record AcknowledgeMessages(UserId user, DeviceId device, long upTo) implements DeviceInput {}
}
