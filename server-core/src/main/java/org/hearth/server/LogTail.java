package org.hearth.server;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// The newest lines of the log, kept in memory for the panel and for `status`.
///
/// **thread**: any; lines are few, so a plain lock does. **bound**: [#CAPACITY] lines.
public final class LogTail {
  /// How many lines are kept.
  public static final int CAPACITY = 5_000;

  /// The tail of this process: a log has no owner that could hand it around.
  static final LogTail OF_THIS_PROCESS = new LogTail();

  private final Deque<LogLine> lines = new ArrayDeque<>();
  private long last;

  LogTail() {}

  synchronized void add(
      java.time.Instant time, LogLine.Level level, String component, String message) {
    if (lines.size() == CAPACITY) {
      lines.removeFirst();
    }
    last++;
    lines.addLast(new LogLine(last, time, level, component, message));
  }

  /// The lines that came after one that is already known.
  ///
  /// @param number the number of the last known line; 0 for all that are kept
  /// @return oldest first; empty if there is nothing new
  public synchronized List<LogLine> after(long number) {
    List<LogLine> newer = new ArrayList<>();
    var fromNewest = lines.descendingIterator();
    while (fromNewest.hasNext()) {
      LogLine line = fromNewest.next();
      if (line.number() <= number) {
        break;
      }
      newer.add(line);
    }
    return List.copyOf(newer.reversed());
  }
}
