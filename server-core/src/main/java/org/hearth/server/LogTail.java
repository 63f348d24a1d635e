package org.hearth.server;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// The newest lines of the log, kept in memory for the panel and for `status`.
///
/// **thread**: any; lines are few, so a plain lock does. **bound**: [#CAPACITY] lines and
/// [#MOST_CHARS] characters; a line has at most [#LONGEST].
public final class LogTail {
  /// How many lines are kept.
  public static final int CAPACITY = 5_000;

  /// How many characters are kept, of all lines together.
  static final int MOST_CHARS = 4 << 20;

  /// How many characters of a message are kept.
  static final int LONGEST = 64 << 10;

  /// The tail of this process: a log has no owner that could hand it around.
  static final LogTail OF_THIS_PROCESS = new LogTail();

  private final Deque<LogLine> lines = new ArrayDeque<>();
  private long chars;
  private long last;

  LogTail() {}

  /// The tail of this process.
  public static LogTail ofThisProcess() {
    return OF_THIS_PROCESS;
  }

  synchronized void add(
      java.time.Instant time, LogLine.Level level, String component, String message) {
    last++;
    LogLine line = new LogLine(last, time, level, component, bounded(message));
    lines.addLast(line);
    chars += line.message().length();
    while (lines.size() > CAPACITY || chars > MOST_CHARS) {
      chars -= lines.removeFirst().message().length();
    }
  }

  private static String bounded(String message) {
    return message.length() <= LONGEST
        ? message
        : "%s… (%,d characters)".formatted(message.substring(0, LONGEST), message.length());
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
