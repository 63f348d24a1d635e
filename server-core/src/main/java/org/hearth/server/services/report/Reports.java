package org.hearth.server.services.report;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// The table `report`. Of one reporter fewer are kept than of all, so that nobody pushes out what
/// others have reported.
///
/// **thread**: any; one at a time changes it.
public final class Reports {
  /// How many reports are kept.
  public static final int MOST = 5_000;

  /// How many reports of one user are kept.
  public static final int MOST_OF_ONE = 100;

  static final Table TABLE =
      new Table(
          "report",
          "the newest 5,000, and the newest 100 of a reporter",
          "the unit of an insert deletes the oldest one beyond");

  private static final String COLUMNS =
      "number, reported_millis, reporter, room_id, event_id, user_id, reason";

  private final Store store;
  private final int most;
  private final int mostOfOne;

  /// Held from the look at what there is to the commit.
  private final ReentrantLock changing = new ReentrantLock();

  /// The reports in that database, with the standard bounds.
  public Reports(Store store) {
    this(store, MOST, MOST_OF_ONE);
  }

  Reports(Store store, int most, int mostOfOne) {
    this.store = store;
    this.most = most;
    this.mostOfOne = mostOfOne;
  }

  /// Keeps a report. Who reports the same once more replaces the report.
  ///
  /// @return whether it is the first of that reporter about that
  boolean keep(Instant time, UserId reporter, Report.About about, String reason) {
    changing.lock();
    try {
      List<Report> own = of(reporter);
      List<Long> gone = new ArrayList<>();
      own.stream()
          .filter(each -> each.about().equals(about))
          .forEach(each -> gone.add(each.number()));
      boolean first = gone.isEmpty();
      if (first && own.size() >= mostOfOne) {
        gone.add(own.getFirst().number());
      }
      Range kept = range();
      if (gone.isEmpty() && kept.count() >= most) {
        gone.add(kept.first());
      }
      // Above all that there are, and were: one that was dismissed does not come again.
      long number = Math.max(kept.last() + 1, time.toEpochMilli());
      List<RowChange> changes = new ArrayList<>();
      gone.forEach(each -> changes.add(deletion(each)));
      changes.add(insertion(new Report(number, time, reporter, about, reason)));
      store.committer().commit(ReportService.BOX, changes, List.of());
      return first;
    } finally {
      changing.unlock();
    }
  }

  /// Reports, newest first.
  ///
  /// @param before only those of lower numbers; [Long#MAX_VALUE] for all
  public List<Report> newest(long before, int limit) {
    return store
        .reads()
        .select(
            "SELECT "
                + COLUMNS
                + " FROM report WHERE number < ? ORDER BY number DESC FETCH FIRST ? ROWS ONLY",
            statement -> {
              statement.setLong(1, before);
              statement.setInt(2, limit);
            },
            Reports::report);
  }

  /// Deletes a report.
  ///
  /// @return whether there was one of that number
  public boolean dismiss(long number) {
    changing.lock();
    try {
      boolean there = newest(number + 1, 1).stream().anyMatch(each -> each.number() == number);
      if (there) {
        store.committer().commit(ReportService.BOX, List.of(deletion(number)), List.of());
      }
      return there;
    } finally {
      changing.unlock();
    }
  }

  /// Those of one reporter, oldest first.
  private List<Report> of(UserId reporter) {
    return store
        .reads()
        .select(
            "SELECT " + COLUMNS + " FROM report WHERE reporter = ? ORDER BY number",
            statement -> statement.setString(1, reporter.value()),
            Reports::report);
  }

  /// How many there are, and the numbers of the oldest and the newest.
  private record Range(long count, long first, long last) {}

  private Range range() {
    return store
        .reads()
        .select(
            "SELECT COUNT(*), MIN(number), MAX(number) FROM report",
            row -> new Range(row.getLong(1), row.getLong(2), row.getLong(3)))
        .getFirst();
  }

  private static Report report(ResultSet row) throws SQLException {
    return new Report(
        row.getLong(1),
        Instant.ofEpochMilli(row.getLong(2)),
        new UserId(row.getString(3)),
        new Report.About(
            Optional.ofNullable(row.getString(4)).map(RoomId::new),
            Optional.ofNullable(row.getString(5)).map(EventId::new),
            Optional.ofNullable(row.getString(6)).map(UserId::new)),
        row.getString(7));
  }

  private static RowChange insertion(Report report) {
    return RowChange.of(
        TABLE,
        "INSERT INTO report (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?)",
        (statement, _) -> {
          statement.setLong(1, report.number());
          statement.setLong(2, report.time().toEpochMilli());
          statement.setString(3, report.reporter().value());
          set(statement, 4, report.about().room().map(RoomId::value).orElse(null));
          set(statement, 5, report.about().event().map(EventId::value).orElse(null));
          set(statement, 6, report.about().user().map(UserId::value).orElse(null));
          statement.setString(7, report.reason());
        });
  }

  private static void set(PreparedStatement statement, int index, @Nullable String text)
      throws SQLException {
    if (text == null) {
      statement.setNull(index, Types.VARCHAR);
    } else {
      statement.setString(index, text);
    }
  }

  private static RowChange deletion(long number) {
    return RowChange.of(
        TABLE,
        "DELETE FROM report WHERE number = ?",
        (statement, _) -> statement.setLong(1, number));
  }
}
