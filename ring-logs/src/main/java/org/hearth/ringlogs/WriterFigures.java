package org.hearth.ringlogs;

/// What one writer of an input log did since it was made, as of one moment.
///
/// @param writer the name of its box
/// @param submitted commands that the log accepted
/// @param refused commands that it did not accept: the ring stayed full, the partition key was
///   parked, or the log was not running
public record WriterFigures(String writer, long submitted, long refused) {}
