package org.hearth.server.servers.device;

import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about what is kept for devices.
///
/// **thread**: any; a call reads from the disk.
public interface DeviceQueries {
  /// The name in the wiring of the box that answers.
  String BOX = "DeviceServer";

  /// Messages in the inbox of a device, in the order in which they came.
  ///
  /// @param after exclusive
  /// @param upTo inclusive
  /// @param most of the earliest no more than so many
  List<DeviceMessage> messages(
      UserId user, DeviceId device, LogPosition after, LogPosition upTo, int most);
}
