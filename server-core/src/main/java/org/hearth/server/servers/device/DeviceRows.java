package org.hearth.server.servers.device;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The rows of a table that belong to single devices and of which each device has so many at most:
/// when it has more, a tenth of them is removed. Those are the oldest; where rows have a sender,
/// the oldest of whoever has sent the most, so that nobody pushes out what others have sent.
///
/// **Thread**: the shard's.
final class DeviceRows {
  /// Devices whose rows are counted in memory; of the others they are counted in the database.
  private static final int COUNTED_DEVICES = 10_000;

  private final Table table;
  private final int most;
  private final boolean haveSenders;
  private final ReadPool reads;

  /// No fewer than the device has: rows that go, or are not committed, are counted until the count
  /// comes to the bound.
  private final Cache<Key, AtomicInteger> counts =
      Caffeine.newBuilder().maximumSize(COUNTED_DEVICES).build();

  /// Whose rows.
  ///
  /// @param device may be empty
  record Key(String user, String device) {}

  static Key key(UserId user, DeviceId device) {
    return new Key(user.value(), device.value());
  }

  /// @param haveSenders whether the table has a column `sender`
  DeviceRows(Table table, int most, boolean haveSenders, ReadPool reads) {
    this.table = table;
    this.most = most;
    this.haveSenders = haveSenders;
    this.reads = reads;
  }

  /// Counts a row that is to be added.
  ///
  /// @return what makes place for it
  List<RowChange> add(Key key) {
    AtomicInteger count = counts.get(key, each -> new AtomicInteger(stored(each)));
    if (count.incrementAndGet() <= most) {
      return List.of();
    }
    int stored = stored(key);
    count.set(stored + 1);
    int tooMany = stored + 1 - most;
    return tooMany <= 0 ? List.of() : List.of(makeRoom(key, tooMany + most / 10));
  }

  private RowChange makeRoom(Key key, int rows) {
    Optional<Sent> sent =
        haveSenders ? most(key).filter(each -> each.rows() >= rows) : Optional.empty();
    return sent.isPresent()
        ? deleteOf(key, sent.get().sender(), placeOf(key, sent.get().sender(), rows - 1))
        : deleteUpTo(key, place(key, rows - 1));
  }

  /// How many rows somebody has sent.
  private record Sent(String sender, int rows) {}

  /// Who has sent the most.
  private Optional<Sent> most(Key key) {
    return reads.first(
        "SELECT sender, COUNT(*) AS sent FROM "
            + table.name()
            + " WHERE user_id = ? AND device_id = ?"
            + " GROUP BY sender ORDER BY sent DESC FETCH FIRST ROW ONLY",
        statement -> bind(statement, key),
        row -> new Sent(row.getString(1), row.getInt(2)));
  }

  private RowChange deleteOf(Key key, String sender, long position) {
    return RowChange.of(
        table,
        "DELETE FROM "
            + table.name()
            + " WHERE user_id = ? AND device_id = ? AND position <= ? AND sender = ?",
        (statement, _) -> {
          bind(statement, key);
          statement.setLong(3, position);
          statement.setString(4, sender);
        });
  }

  /// Removes the rows of a device up to that position.
  RowChange deleteUpTo(Key key, long position) {
    return RowChange.of(
        table,
        "DELETE FROM " + table.name() + " WHERE user_id = ? AND device_id = ? AND position <= ?",
        (statement, _) -> {
          bind(statement, key);
          statement.setLong(3, position);
        });
  }

  private int stored(Key key) {
    return (int) number("SELECT COUNT(*) FROM ", "", statement -> bind(statement, key));
  }

  /// The position of the row before which there are so many.
  private long place(Key key, int before) {
    return number("SELECT position FROM ", after(before), statement -> bind(statement, key));
  }

  /// The same among the rows of one sender.
  private long placeOf(Key key, String sender, int before) {
    return number(
        "SELECT position FROM ",
        " AND sender = ?" + after(before),
        statement -> {
          bind(statement, key);
          statement.setString(3, sender);
        });
  }

  private static String after(int before) {
    return " ORDER BY position OFFSET " + before + " ROWS FETCH NEXT ROW ONLY";
  }

  private long number(String begin, String end, ReadPool.Binding binding) {
    return reads
        .first(
            begin + table.name() + " WHERE user_id = ? AND device_id = ?" + end,
            binding,
            row -> row.getLong(1))
        .orElse(0L);
  }

  private static void bind(PreparedStatement statement, Key key) throws SQLException {
    statement.setString(1, key.user());
    statement.setString(2, key.device());
  }
}
