package org.hearth.server.services.account;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.EncodedEntry;
import org.hearth.ringlogs.EntryCodec;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputStore;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The durable form of account-output: table `account_output`, bounded to [#KEPT].
///
/// **thread**: any.
public final class AccountJournal implements OutputStore<AccountOutput> {
  /// How long entries are kept. A reader that was stopped for longer builds its view anew from the
  /// services' tables.
  static final Duration KEPT = Duration.ofDays(30);

  private static final Table TABLE = new Table("account_output");

  private final ReadPool reads;
  private final EntryCodec<AccountOutput> codec;

  /// Reads entries that were written with that codec or an earlier version of it.
  public AccountJournal(ReadPool reads, EntryCodec<AccountOutput> codec) {
    this.reads = reads;
    this.codec = codec;
  }

  static RowChange row(EncodedEntry entry, int index, long nowMillis) {
    return RowChange.of(
        TABLE,
        "INSERT INTO account_output (log_position, codec_version, entry, created_millis) VALUES (?, ?, ?, ?)",
        (statement, first) -> {
          statement.setLong(1, first.plus(index).value());
          statement.setInt(2, entry.version());
          statement.setBytes(3, entry.bytes());
          statement.setLong(4, nowMillis);
        });
  }

  /// The change that lets go of what is older than [#KEPT].
  static RowChange prune(Instant now) {
    return RowChange.of(
        TABLE,
        "DELETE FROM account_output WHERE created_millis < ?",
        (statement, first) -> statement.setLong(1, now.minus(KEPT).toEpochMilli()));
  }

  @Override
  public List<Positioned<AccountOutput>> read(LogPosition after, LogPosition upTo, int limit) {
    return reads.read(connection -> {
      try (PreparedStatement statement =
          connection.prepareStatement(
              "SELECT log_position, codec_version, entry FROM account_output"
                  + " WHERE log_position > ? AND log_position <= ?"
                  + " ORDER BY log_position FETCH FIRST ? ROWS ONLY")) {
        statement.setLong(1, after.value());
        statement.setLong(2, upTo.value());
        statement.setInt(3, limit);
        List<Positioned<AccountOutput>> entries = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            entries.add(
                new Positioned<>(
                    new LogPosition(rows.getLong(1)),
                    codec.decode(rows.getInt(2), rows.getBytes(3))));
          }
        }
        return entries;
      }
    });
  }
}
