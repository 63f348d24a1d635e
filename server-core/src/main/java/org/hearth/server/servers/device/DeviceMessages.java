package org.hearth.server.servers.device;

import java.util.List;
import org.hearth.ringlogs.LogPosition;

/// The earliest messages in the inbox of a device, as many as one answer has.
///
/// @param list in the order in which they came, without those that cannot be read; empty only if
///   there are no more
/// @param last up to where the inbox was read; where that began if there was nothing, not even what
///   cannot be read
/// @param areAll whether there are no more of those that were asked for
public record DeviceMessages(List<DeviceMessage> list, LogPosition last, boolean areAll) {
  /// Copies the list.
  public DeviceMessages {
    list = List.copyOf(list);
  }
}
