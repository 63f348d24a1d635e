package org.hearth.server.services.keys;

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
}
