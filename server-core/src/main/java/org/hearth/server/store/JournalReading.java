package org.hearth.server.store;

import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSpec;
import org.hearth.ringlogs.OutputStore;
import org.hearth.ringlogs.Positioned;

/// One log's part of the table `journal`, for readers that the ring has left behind.
record JournalReading<E>(ReadPool reads, LogSpec<E> spec) implements OutputStore<E> {
  @Override
  public List<Positioned<E>> read(LogPosition after, LogPosition upTo, int limit) {
    return reads.select(
        "SELECT position, codec_version, entry FROM journal"
            + " WHERE log = ? AND position > ? AND position <= ?"
            + " ORDER BY position FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setString(1, spec.name());
          statement.setLong(2, after.value());
          statement.setLong(3, upTo.value());
          statement.setInt(4, limit);
        },
        row ->
            new Positioned<>(
                new LogPosition(row.getLong(1)),
                spec.codec().decode(row.getInt(2), row.getBytes(3))));
  }

  @Override
  public LogPosition floor() {
    return reads
        .first(
            "SELECT position FROM journal_floor WHERE log = ?",
            statement -> statement.setString(1, spec.name()),
            row -> new LogPosition(row.getLong(1)))
        .orElse(LogPosition.ORIGIN);
  }
}
