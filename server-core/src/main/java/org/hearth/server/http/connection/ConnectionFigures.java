package org.hearth.server.http.connection;

/// What became of connections since the start.
///
/// @param open at this moment
/// @param most that there may be
/// @param closedForOthers those that were closed since there were too many of their kind
/// @param accepting false while the system refuses to let more in, as when the process is out of
///   file descriptors
public record ConnectionFigures(int open, int most, long closedForOthers, boolean accepting) {}
