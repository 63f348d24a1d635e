package org.hearth.server.logs;

import java.util.Locale;
import java.util.Optional;

/// Whether a user is there.
///
/// **source**: [presence](https://spec.matrix.org/v1.19/client-server-api/#presence)
public enum Presence {
  /// A client of the user is connected, and the user does something with it.
  ONLINE,

  /// "The user is not reachable at this time e.g. they are idle."
  UNAVAILABLE,

  /// "The user is not connected to an event stream or is explicitly suppressing" it.
  OFFLINE;

  /// The name in the protocol.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// The presence of that name; empty for all others.
  public static Optional<Presence> of(String id) {
    for (Presence each : values()) {
      if (each.id().equals(id)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }
}
