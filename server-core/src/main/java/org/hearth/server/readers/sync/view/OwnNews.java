package org.hearth.server.readers.sync.view;

/// The kinds of news of a user that belong to no room.
public enum OwnNews {
  /// The user's own data.
  ACCOUNT_DATA,
  /// Messages to the user's devices.
  MESSAGES,
  /// Devices of the user, or of those who share a room with the user, or who these are.
  DEVICE_LISTS
}
