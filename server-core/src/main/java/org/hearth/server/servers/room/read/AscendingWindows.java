package org.hearth.server.servers.room.read;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Reads rows in ascending order that an index has in descending order: Derby reads an index in its
/// own direction only. They are read in windows: a window holds few enough rows to be read
/// backwards whole, and is widened while it holds too few.
final class AscendingWindows {
  private static final long FIRST_WINDOW = 4096;
  private static final int LEAST_READ = 256;

  private AscendingWindows() {}

  /// Reads rows latest first.
  @FunctionalInterface
  interface Reading<T> {
    /// The latest rows, latest first.
    ///
    /// @param upTo the highest place, inclusive
    /// @param after the lowest place, exclusive
    List<T> latest(long upTo, long after, int limit) throws SQLException;
  }

  /// The earliest rows, earliest first.
  ///
  /// @param after the lowest place, exclusive
  /// @param upTo the highest place, inclusive
  static <T> List<T> earliest(long after, long upTo, int limit, Reading<T> reading)
      throws SQLException {
    List<T> found = new ArrayList<>();
    int atMost = Math.max(LEAST_READ, 4 * limit);
    long window = FIRST_WINDOW;
    long from = after;
    while (from < upTo && found.size() < limit) {
      long to = upTo - from <= window ? upTo : from + window;
      List<T> rows = new ArrayList<>(reading.latest(to, from, atMost + 1));
      if (rows.size() > atMost) {
        // A window of no more places than `atMost` cannot come here.
        window = Math.max(atMost, window / 8);
      } else {
        Collections.reverse(rows);
        found.addAll(rows);
        from = to;
        window *= rows.size() < atMost / 8 ? 8 : 1;
      }
    }
    return found.size() <= limit ? found : found.subList(0, limit);
  }
}
