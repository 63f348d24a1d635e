package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about the keys of devices and users.
///
/// **thread**: any; a call may read from the disk.
public interface KeyQueries {
  /// The name in the wiring of the box that answers.
  String BOX = "Keys";

  /// How many keys a device has left; counts are remembered.
  KeyCounts counts(UserId user, DeviceId device);

  /// The device of the user that nobody is logged in on, and to which messages go nevertheless.
  Optional<DeviceId> dehydratedDevice(UserId user);

  /// The users whose devices or cross-signing keys changed last in that range, also those of whom
  /// only this viewer is told.
  ///
  /// @param after exclusive
  /// @param upTo inclusive
  List<UserId> changedDevices(UserId viewer, LogPosition after, LogPosition upTo);

  /// What other servers are told of a device of a user of this server, as it is now: the content of
  /// an EDU `m.device_list_update`. Of a device that is gone it says so.
  ///
  /// @param streamId of the update
  /// @param prevId of the updates before it
  ObjectNode deviceListUpdate(UserId user, DeviceId device, long streamId, List<Long> prevId);

  /// What other servers are told of the cross-signing keys of a user of this server, as they are
  /// now: the content of an EDU `m.signing_key_update`.
  ObjectNode signingKeyUpdate(UserId user);
}
