package org.hearth.server.matrix.version;

/// How events are named, and with that how they refer to each other.
public enum EventIdFormat {
  /// `$opaque_id:domain`, chosen by the server and written in the event's `event_id`. `prev_events`
  /// and `auth_events` are lists of pairs of an event id and its hashes. Room versions 1 and 2.
  SERVER_ASSIGNED,

  /// "The event ID is the reference hash of the event encoded using Unpadded Base64, prefixed with
  /// `$`"; `prev_events` and `auth_events` are "plain lists of event IDs". Room version 3.
  HASH_BASE64,

  /// "The event ID is the reference hash of the event encoded using URL-safe unpadded Base64." Room
  /// versions 4 and later.
  HASH_URL_SAFE;

  /// True if the id is computed from the event and not written in it.
  public boolean isHash() {
    return this != SERVER_ASSIGNED;
  }
}
