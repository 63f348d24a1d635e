package org.hearth.server.store;

import org.hearth.ringlogs.OutputLog;

/// An entry that goes to an output log when the unit that caused it is committed.
///
/// @param offset at which of the unit's positions the entry stands: at the first plus so many
/// @param log where it goes
/// @param entry immutable
/// @param <E> the log's entry type
public record Announcement<E>(int offset, OutputLog<E> log, E entry) {
  public Announcement {
    if (offset < 0) {
      throw new IllegalArgumentException("an entry stands at one of its unit's positions");
    }
  }

  /// An entry at the first position of its unit.
  public Announcement(OutputLog<E> log, E entry) {
    this(0, log, entry);
  }
}
