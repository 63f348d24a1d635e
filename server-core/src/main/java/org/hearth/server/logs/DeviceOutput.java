package org.hearth.server.logs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;

/// What has come for devices, what other servers have to be told of devices, and what they have
/// told: the entries of the log device-output, each committed before it is seen here.
///
/// **shape**: the partition key is the user id.
public sealed interface DeviceOutput {
  /// Of an entry that has no content of a client's.
  int SMALL_BYTES = 500;

  /// Whose device it is; of a message for another server, its sender.
  UserId user();

  /// About what it takes in memory.
  default long memoryBytes() {
    return this instanceof MessagesSent sent
        ? sent.messages().values().stream()
            .flatMap(each -> each.values().stream())
            .mapToLong(each -> SMALL_BYTES + MatrixJson.treeBytes(each))
            .sum()
        : SMALL_BYTES;
  }

  /// A message has come to the inbox of a device. The entry stands at the position that the message
  /// has there.
  record MessageArrived(UserId user, DeviceId device) implements DeviceOutput {}

  /// Messages from a user of this server are to be given to another server: one EDU
  /// `m.direct_to_device`.
  ///
  /// @param user who sends them
  /// @param messageId the same whenever the EDU is sent, and of no other from this server
  /// @param messages the content by recipient, who is on that server, and device id or `*`
  record MessagesSent(
      UserId user,
      ServerName server,
      String type,
      String messageId,
      Map<UserId, Map<String, ObjectNode>> messages)
      implements DeviceOutput {
    /// Copies the map.
    public MessagesSent {
      messages = new LinkedHashMap<>(messages);
    }
  }

  /// A device of a user of this server is new, is called otherwise, has other keys, or is gone; or
  /// the user has come to a room, where servers may be that never heard of the user's devices. All
  /// servers that share a room with the user are to be told: one EDU `m.device_list_update`.
  ///
  /// @param streamId of this update; later ones of the user have higher ones
  /// @param prevId of the update before it; empty for the first
  record DeviceListChanged(UserId user, DeviceId device, long streamId, List<Long> prevId)
      implements DeviceOutput {
    /// Copies the list.
    public DeviceListChanged {
      prevId = List.copyOf(prevId);
    }
  }

  /// The master or self-signing key of a user of this server is another, or the master key has
  /// another signature. All servers that share a room with the user are to be told: one EDU
  /// `m.signing_key_update`.
  record SigningKeysChanged(UserId user) implements DeviceOutput {}

  /// What is known of the devices or keys of a user of another server is other, or is out of date.
  record RemoteDevicesChanged(UserId user) implements DeviceOutput {}
}
