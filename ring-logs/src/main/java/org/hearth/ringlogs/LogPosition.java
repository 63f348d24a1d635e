package org.hearth.ringlogs;

/// A place in the one order in which things were committed.
///
/// Positions are given by whoever commits, dense over all logs together; one log sees an increasing
/// subsequence of them.
///
/// @param value 0 for [#ORIGIN], else positive
public record LogPosition(long value) implements Comparable<LogPosition> {
  /// Before everything.
  public static final LogPosition ORIGIN = new LogPosition(0);

  public LogPosition {
    if (value < 0) {
      throw new IllegalArgumentException("a position is 0 or more, not " + value);
    }
  }

  /// The position `count` places further on.
  public LogPosition plus(long count) {
    return new LogPosition(Math.addExact(value, count));
  }

  public boolean isAfter(LogPosition other) {
    return value > other.value;
  }

  @Override
  public int compareTo(LogPosition other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
