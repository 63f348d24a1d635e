package org.hearth.server.logs;

/// Bytes of an entry that a later version of the program wrote, or a damaged version number.
public final class UnknownVersionException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int expected;
  private final int found;

  /// @param expected the newest version that is known
  /// @param found the version of the bytes
  public UnknownVersionException(int expected, int found) {
    super("entries of versions 1 to %d are known, not of %d".formatted(expected, found));
    this.expected = expected;
    this.found = found;
  }

  /// The newest version that is known.
  public int expected() {
    return expected;
  }

  /// The version of the bytes.
  public int found() {
    return found;
  }
}
