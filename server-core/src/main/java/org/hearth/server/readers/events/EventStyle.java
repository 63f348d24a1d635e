package org.hearth.server.readers.events;

import java.util.Optional;

/// How events are written.
///
/// @param roomId whether each names its room; in `/sync` the room is named already
/// @param federation whether as peers see them
/// @param fields the fields to write; empty for all
public record EventStyle(boolean roomId, boolean federation, Optional<EventFields> fields) {
  /// As everywhere but in `/sync`.
  public static final EventStyle SINGLE = new EventStyle(true, false, Optional.empty());
}
