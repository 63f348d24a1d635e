package org.hearth.ringlogs;

/// A place in a [VolatileLog], good for one run of the program.
///
/// A token that bears an epoch of an earlier run says: start over.
///
/// @param epoch different for each run
/// @param position counts from 1 in each run
public record VolatilePosition(long epoch, LogPosition position) {}
