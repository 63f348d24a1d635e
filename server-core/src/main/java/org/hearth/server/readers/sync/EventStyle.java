package org.hearth.server.readers.sync;

import java.util.Optional;

/// How events are written.
///
/// @param roomId whether each names its room; in `/sync` the room is named already
/// @param federation whether as peers see them
/// @param fields the fields to write; empty for all
record EventStyle(boolean roomId, boolean federation, Optional<EventFields> fields) {
  /// As everywhere but in `/sync`.
  static final EventStyle SINGLE = new EventStyle(true, false, Optional.empty());

  static EventStyle of(Filter filter) {
    return new EventStyle(false, filter.federationFormat(), filter.fields());
  }
}
