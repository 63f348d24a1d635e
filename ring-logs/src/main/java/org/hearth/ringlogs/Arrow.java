package org.hearth.ringlogs;

/// An arrow of the wiring.
///
/// @param from the name of a node
/// @param to the name of a node
public record Arrow(String from, String to, Kind kind) {
  /// What an arrow is.
  public enum Kind {
    /// From a box to the log it writes.
    WRITES,
    /// From a log to the box that consumes it.
    FEEDS,
    /// From a box to the box whose queries it calls.
    ASKS,
    /// From a reader of a log to a reader of the same log that is told after it.
    BEFORE
  }
}
