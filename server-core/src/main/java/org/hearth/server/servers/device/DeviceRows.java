package org.hearth.server.servers.device;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The rows of a table that belong to single devices and of which each device has so many, of so
/// many bytes, at most: when it has more, a tenth of them is removed. Those are the oldest; where
/// rows have a sender, the oldest of whoever has sent the most, so that nobody pushes out what
/// others have sent.
///
/// **Thread**: the shard's.
final class DeviceRows {
  /// Devices whose rows are counted in memory; of the others they are counted in the database.
  private static final int COUNTED_DEVICES = 10_000;

  private static final int SHARE_THAT_GOES = 10;

  /// A count in the database is good for that share of the bound: where less is free, place is
  /// made. Else the rows of who stays a little below the bound would be counted for each message.
  private static final int LEAST_SHARE_FREE = 100;

  private static final String OF_DEVICE = " WHERE user_id = ? AND device_id = ?";

  private final Table table;
  private final Amount most;
  private final boolean areMessages;
  private final ReadPool reads;

  /// Messages that go, or are not committed, are counted until the amount comes to the bound. Then
  /// it is what is stored, and what is under way just then is on top of the bound until it is come
  /// to again.
  private final Cache<Key, Amount> amounts =
      Caffeine.newBuilder().maximumSize(COUNTED_DEVICES).build();

  /// Whose rows.
  ///
  /// @param device may be empty
  record Key(String user, String device) {}

  static Key key(UserId user, DeviceId device) {
    return new Key(user.value(), device.value());
  }

  /// Rows, and what they take together.
  record Amount(int rows, long bytes) {
    Amount plus(Amount other) {
      return new Amount(rows + other.rows, bytes + other.bytes);
    }

    Amount minus(Amount other) {
      return new Amount(rows - other.rows, bytes - other.bytes);
    }

    Amount atMost(Amount other) {
      return new Amount(Math.min(rows, other.rows), Math.min(bytes, other.bytes));
    }

    /// The larger half.
    Amount half() {
      return new Amount((rows + 1) / 2, (bytes + 1) / 2);
    }

    boolean isNothing() {
      return rows == 0 && bytes == 0;
    }

    boolean isAtLeast(Amount other) {
      return rows >= other.rows && bytes >= other.bytes;
    }

    /// What must go of this, which was counted in the database, so that a tenth of the most is
    /// free: nothing where a hundredth is.
    Amount tooMuchFor(Amount most) {
      return new Amount((int) tooMuch(rows, most.rows), tooMuch(bytes, most.bytes));
    }

    private static long tooMuch(long counted, long most) {
      return counted <= most - most / LEAST_SHARE_FREE
          ? 0
          : counted - most + most / SHARE_THAT_GOES;
    }
  }

  /// A row that is stored.
  private record Row(long position, String sender, int bytes) {
    Amount amount() {
      return new Amount(1, bytes);
    }
  }

  /// @param areMessages whether the table has the columns `sender` and `bytes`
  DeviceRows(Table table, Amount most, boolean areMessages, ReadPool reads) {
    this.table = table;
    this.most = most;
    this.areMessages = areMessages;
    this.reads = reads;
  }

  /// Counts a row that is to be added.
  ///
  /// @return what makes place for it
  List<RowChange> add(Key key, int bytes) {
    Amount added = new Amount(1, bytes);
    Amount known = amounts.getIfPresent(key);
    Amount amount = (known == null ? stored(key) : known).plus(added);
    if (most.isAtLeast(amount)) {
      amounts.put(key, amount);
      return List.of();
    }
    if (areMessages) {
      Amount counted = known == null ? amount : stored(key).plus(added);
      Amount tooMuch = counted.tooMuchFor(most);
      amounts.put(key, counted.minus(tooMuch));
      return tooMuch.isNothing() ? List.of() : List.of(makeRoom(key, tooMuch));
    }
    int kept = most.rows() - most.rows() / SHARE_THAT_GOES;
    amounts.put(key, new Amount(kept, 0));
    return List.of(keepNewest(key, kept - 1));
  }

  /// What is under way is among those that are counted here: it is written before.
  private RowChange keepNewest(Key key, int rows) {
    return RowChange.of(
        table,
        "DELETE FROM "
            + table.name()
            + OF_DEVICE
            + " AND position <= (SELECT position FROM "
            + table.name()
            + OF_DEVICE
            + " ORDER BY position DESC OFFSET "
            + rows
            + " ROWS FETCH NEXT ROW ONLY)",
        (statement, _) -> {
          bind(statement, key);
          statement.setString(3, key.user());
          statement.setString(4, key.device());
        });
  }

  private Amount stored(Key key) {
    return reads
        .first(
            "SELECT COUNT(*), "
                + (areMessages ? "SUM(CAST(bytes AS BIGINT))" : "0")
                + " FROM "
                + table.name()
                + OF_DEVICE,
            statement -> bind(statement, key),
            row -> new Amount(row.getInt(1), row.getLong(2)))
        .orElseThrow();
  }

  /// Removes so much of what is stored.
  RowChange makeRoom(Key key, Amount tooMuch) {
    List<Row> oldestFirst =
        reads.select(
            "SELECT position, sender, bytes FROM "
                + table.name()
                + OF_DEVICE
                + " ORDER BY position",
            statement -> bind(statement, key),
            row -> new Row(row.getLong(1), row.getString(2), row.getInt(3)));
    Optional<String> sender = whoHasSentTheMost(oldestFirst, tooMuch);
    Amount going = new Amount(0, 0);
    long upTo = 0;
    for (Row each : oldestFirst) {
      boolean goes = sender.isEmpty() || sender.get().equals(each.sender());
      if (goes && !going.isAtLeast(tooMuch)) {
        going = going.plus(each.amount());
        upTo = each.position();
      }
    }
    return sender.isPresent() ? deleteOf(key, sender.get(), upTo) : deleteUpTo(key, upTo);
  }

  /// Whoever has sent the most; empty if that is less than is too much.
  private static Optional<String> whoHasSentTheMost(List<Row> rows, Amount tooMuch) {
    Map<String, Amount> sent = new HashMap<>();
    rows.forEach(each -> sent.merge(each.sender(), each.amount(), Amount::plus));
    Comparator<Amount> more =
        tooMuch.bytes() > 0
            ? Comparator.comparingLong(Amount::bytes)
            : Comparator.comparingInt(Amount::rows);
    return sent.entrySet().stream()
        .filter(each -> each.getValue().isAtLeast(tooMuch))
        .max(Map.Entry.comparingByValue(more))
        .map(Map.Entry::getKey);
  }

  private RowChange deleteOf(Key key, String sender, long position) {
    return RowChange.of(
        table,
        "DELETE FROM " + table.name() + OF_DEVICE + " AND position <= ? AND sender = ?",
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
        "DELETE FROM " + table.name() + OF_DEVICE + " AND position <= ?",
        (statement, _) -> {
          bind(statement, key);
          statement.setLong(3, position);
        });
  }

  private static void bind(PreparedStatement statement, Key key) throws SQLException {
    statement.setString(1, key.user());
    statement.setString(2, key.device());
  }
}
