package org.hearth.ringlogs;

/// A box of the wiring.
///
/// @param name unique in a description
public record Node(String name, Kind kind) {
  /// What a box is.
  public enum Kind {
    /// Turns requests from outside into commands.
    WRITER,
    /// Owns state, decides, and writes what it decided.
    SERVER,
    /// Follows logs and keeps a view.
    READER,
    /// Answers requests from tables of its own.
    SERVICE,
    /// An [InputLog].
    INPUT_LOG,
    /// An [OutputLog].
    OUTPUT_LOG,
    /// A [VolatileLog].
    VOLATILE_LOG
  }

  public boolean isLog() {
    return kind == Kind.INPUT_LOG || kind == Kind.OUTPUT_LOG || kind == Kind.VOLATILE_LOG;
  }
}
