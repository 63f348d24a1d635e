package org.hearth.server.admin;

/// What became of parked entries.
///
/// @param handled how many were handled now
/// @param discarded how many were dropped unhandled
/// @param remaining how many are parked still, because one of them failed again
public record ReleasedEntries(int handled, int discarded, int remaining) {}
