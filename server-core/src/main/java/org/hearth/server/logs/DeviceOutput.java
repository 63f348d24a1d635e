package org.hearth.server.logs;

import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;

/// A message has come to the inbox of a device: the entries of the log device-output. Each stands
/// at the position that the message has there.
///
/// **shape**: the partition key is the user id.
public record DeviceOutput(UserId user, DeviceId device) {}
