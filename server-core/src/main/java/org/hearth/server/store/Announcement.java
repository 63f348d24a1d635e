package org.hearth.server.store;

import org.hearth.ringlogs.OutputLog;

/// An entry that goes to an output log when the unit that caused it is committed. It takes one
/// position.
///
/// @param log where it goes
/// @param entry immutable
/// @param <E> the log's entry type
public record Announcement<E>(OutputLog<E> log, E entry) {}
