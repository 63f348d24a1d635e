package org.hearth.server.servers.device;

import java.util.List;

/// The earliest messages in the inbox of a device, as many as one answer has.
///
/// @param list in the order in which they came
/// @param areAll whether there are no more of those that were asked for
public record DeviceMessages(List<DeviceMessage> list, boolean areAll) {
  /// Copies the list.
  public DeviceMessages {
    list = List.copyOf(list);
  }
}
