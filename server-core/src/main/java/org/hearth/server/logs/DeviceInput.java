package org.hearth.server.logs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

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

  // --- what comes from other servers; the user is on the server that says it

  /// Messages from a user elsewhere are to be given to devices, unless that server's message id was
  /// seen before: an EDU `m.direct_to_device`.
  ///
  /// @param messages the content by recipient and device id, which may be `*` for all
  record ReceiveMessages(
      UserId user, String messageId, String type, Map<UserId, Map<String, ObjectNode>> messages)
      implements DeviceInput {}

  /// Another server says that a device of its user changed: an EDU `m.device_list_update`.
  ///
  /// @param prevId the updates before it
  /// @param keys null for a device without any
  record ReceiveDeviceUpdate(
      UserId user,
      DeviceId device,
      long streamId,
      List<Long> prevId,
      boolean deleted,
      @Nullable String displayName,
      @Nullable ObjectNode keys)
      implements DeviceInput {
    /// Copies the list.
    public ReceiveDeviceUpdate {
      prevId = List.copyOf(prevId);
    }
  }

  /// Another server says that the cross-signing keys of its user are others: an EDU
  /// `m.signing_key_update`.
  ///
  /// @param masterKey null if that one is as it was
  /// @param selfSigningKey null if that one is as it was
  record ReceiveSigningKeys(
      UserId user, @Nullable ObjectNode masterKey, @Nullable ObjectNode selfSigningKey)
      implements DeviceInput {}

  /// The devices of a user elsewhere are to be known here: somebody has asked for them.
  record FollowDevices(UserId user) implements DeviceInput {}

  /// Another server has said which devices its user has: the answer of `GET
  /// /user/devices/{userId}`.
  ///
  /// @param asOf how often the list had been called out of date when the server was asked
  /// @param devices the devices' names and keys
  record ReceiveDeviceList(
      UserId user,
      long asOf,
      long streamId,
      List<RemoteDevice> devices,
      @Nullable ObjectNode masterKey,
      @Nullable ObjectNode selfSigningKey)
      implements DeviceInput {
    /// Copies the list.
    public ReceiveDeviceList {
      devices = List.copyOf(devices);
    }
  }

  /// A device of a user elsewhere.
  ///
  /// @param keys null for a device without any
  record RemoteDevice(DeviceId device, @Nullable String displayName, @Nullable ObjectNode keys) {}
}
