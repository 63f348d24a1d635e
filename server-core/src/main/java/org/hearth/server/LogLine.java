package org.hearth.server;

import java.time.Instant;

/// One line of the server's log, as the panel shows it.
///
/// @param number counts up from 1 with every line of this run
/// @param time when it was written
/// @param level how grave it is
/// @param component the box that wrote it, such as `servers.room`
/// @param message the text, with the stack trace below it if something was thrown
public record LogLine(long number, Instant time, Level level, String component, String message) {
  /// How grave a line is.
  public enum Level {
    /// For engineers.
    DEBUG,
    /// The course of things.
    INFO,
    /// Something that somebody should look at.
    WARNING,
    /// Something went wrong.
    ERROR
  }
}
