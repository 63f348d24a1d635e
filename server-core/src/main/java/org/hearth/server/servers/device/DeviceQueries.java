package org.hearth.server.servers.device;

import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about what is kept for devices.
///
/// **thread**: any; a call reads from the disk.
public interface DeviceQueries {
  /// The name in the wiring of the box that answers.
  String BOX = "DeviceServer";

  /// What the contents of the messages of one answer may take, but for the last of them: in memory
  /// it is some ten times as much.
  int MOST_BYTES = 1 << 20;

  /// The earliest messages in the inbox of a device.
  ///
  /// @param after exclusive
  /// @param upTo inclusive
  /// @param most no more than so many
  DeviceMessages messages(
      UserId user, DeviceId device, LogPosition after, LogPosition upTo, int most);
}
