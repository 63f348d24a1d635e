package org.hearth.server.http;

/// The classes of routes by how large a body they take; the figures are in [HttpLimits].
public enum BodyLimit {
  /// What anybody may send without a token, such as a login.
  SMALL,

  /// What a client sends: an event and a room with its initial state have room.
  STANDARD,

  /// Many things at once: keys of all devices, a federation transaction.
  LARGE,

  /// Files: the handler reads the body as it comes ([Request#content]) and sets the limit itself.
  STREAMED
}
