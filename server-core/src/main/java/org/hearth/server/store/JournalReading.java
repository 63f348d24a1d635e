package org.hearth.server.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSpec;
import org.hearth.ringlogs.OutputStore;
import org.hearth.ringlogs.Positioned;

/// One log's part of the table `journal`, for readers that the ring has left behind.
record JournalReading<E>(ReadPool reads, LogSpec<E> spec) implements OutputStore<E> {
  @Override
  public List<Positioned<E>> read(LogPosition after, LogPosition upTo, int limit) {
    return reads.read(connection -> {
      try (PreparedStatement statement =
          connection.prepareStatement(
              "SELECT position, codec_version, entry FROM journal"
                  + " WHERE log = ? AND position > ? AND position <= ?"
                  + " ORDER BY position FETCH FIRST ? ROWS ONLY")) {
        statement.setString(1, spec.name());
        statement.setLong(2, after.value());
        statement.setLong(3, upTo.value());
        statement.setInt(4, limit);
        List<Positioned<E>> entries = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            entries.add(
                new Positioned<>(
                    new LogPosition(rows.getLong(1)),
                    spec.codec().decode(rows.getInt(2), rows.getBytes(3))));
          }
        }
        return entries;
      }
    });
  }

  @Override
  public LogPosition floor() {
    return reads.read(connection -> {
      try (PreparedStatement statement =
          connection.prepareStatement("SELECT position FROM journal_floor WHERE log = ?")) {
        statement.setString(1, spec.name());
        try (ResultSet row = statement.executeQuery()) {
          return row.next() ? new LogPosition(row.getLong(1)) : LogPosition.ORIGIN;
        }
      }
    });
  }
}
