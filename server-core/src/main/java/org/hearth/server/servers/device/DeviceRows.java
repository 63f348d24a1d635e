package org.hearth.server.servers.device;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The rows of a table that belong to single devices and of which each device has so many at most:
/// when it has more, the oldest tenth is removed.
///
/// **Thread**: the shard's.
final class DeviceRows {
  /// Devices whose rows are counted in memory; of the others they are counted in the database.
  private static final int COUNTED_DEVICES = 10_000;

  private final Table table;
  private final int most;
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

  DeviceRows(Table table, int most, ReadPool reads) {
    this.table = table;
    this.most = most;
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
    return tooMany <= 0 ? List.of() : List.of(deleteUpTo(key, place(key, tooMany + most / 10 - 1)));
  }

  /// Removes the rows of a device up to that position.
  RowChange deleteUpTo(Key key, long position) {
    return RowChange.of(
        table,
        "DELETE FROM " + table.name() + " WHERE user_id = ? AND device_id = ? AND position <= ?",
        (statement, _) -> {
          statement.setString(1, key.user());
          statement.setString(2, key.device());
          statement.setLong(3, position);
        });
  }

  private int stored(Key key) {
    return (int)
        number(
            "SELECT COUNT(*) FROM " + table.name() + " WHERE user_id = ? AND device_id = ?", key);
  }

  /// The position of the row before which there are so many.
  private long place(Key key, int before) {
    return number(
        "SELECT position FROM "
            + table.name()
            + " WHERE user_id = ? AND device_id = ? ORDER BY position OFFSET "
            + before
            + " ROWS FETCH NEXT ROW ONLY",
        key);
  }

  private long number(String query, Key key) {
    return reads
        .first(
            query,
            statement -> {
              statement.setString(1, key.user());
              statement.setString(2, key.device());
            },
            row -> row.getLong(1))
        .orElse(0L);
  }
}
