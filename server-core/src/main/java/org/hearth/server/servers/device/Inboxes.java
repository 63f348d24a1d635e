package org.hearth.server.servers.device;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.services.keys.DeviceRow;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The tables `device_message` and `device_transaction`.
///
/// **thread**: any, but for what the shard alone asks: [#add], [#messages] and [#transactions].
public final class Inboxes implements DeviceQueries, AccountCompanion {
  /// Messages in the inbox of one device.
  static final int MOST_MESSAGES = 5_000;

  /// What the contents of these take together, each of up to 64 KiB; the keys of rooms have 2 KiB.
  static final int MOST_MESSAGE_BYTES = 16 << 20;

  /// Messages in the inboxes of all devices of one user, and what they take together: eight full
  /// ones.
  static final int MOST_MESSAGES_OF_A_USER = 8 * MOST_MESSAGES;

  static final long MOST_MESSAGE_BYTES_OF_A_USER = 8L * MOST_MESSAGE_BYTES;

  /// Transactions of one device that are known to be done.
  static final int MOST_TRANSACTIONS = 1_000;

  static final Table MESSAGE =
      new Table(
          "device_message",
          "5,000 rows and 16 MiB a device; 40,000 rows and 128 MiB a user",
          "a message beyond a bound removes the oldest of whoever has sent the most, of a user's in"
              + " the largest inboxes; deleted when the device has it, and with the device");
  static final Table TRANSACTION =
      new Table(
          "device_transaction",
          "1,000 rows a device",
          "a transaction beyond the bound removes the oldest; deleted with the device");

  private static final DeviceRow MESSAGES =
      new DeviceRow(
          MESSAGE,
          "position BIGINT",
          "sender VARCHAR(255)",
          "event_type VARCHAR(255)",
          "bytes INTEGER",
          "content BLOB(64K)");
  private static final DeviceRow TRANSACTIONS =
      new DeviceRow(
          TRANSACTION, "event_type VARCHAR(255)", "transaction_id VARCHAR(255)", "position BIGINT");

  private static final String SELECT =
      "SELECT position, sender, event_type, bytes, content FROM device_message"
          + " WHERE user_id = ? AND device_id = ? AND position > ? AND position <= ?"
          + " ORDER BY position FETCH FIRST ? ROWS ONLY";

  private final ReadPool reads;
  private final DeviceRows messages;
  private final UserInboxes ofUsers;
  private final DeviceRows transactions;

  /// Reads from that database.
  public Inboxes(ReadPool reads) {
    this.reads = reads;
    messages =
        new DeviceRows(
            MESSAGE, new DeviceRows.Amount(MOST_MESSAGES, MOST_MESSAGE_BYTES), true, reads);
    ofUsers =
        new UserInboxes(
            messages,
            new DeviceRows.Amount(MOST_MESSAGES_OF_A_USER, MOST_MESSAGE_BYTES_OF_A_USER),
            reads);
    transactions =
        new DeviceRows(
            TRANSACTION, new DeviceRows.Amount(MOST_TRANSACTIONS, Long.MAX_VALUE), false, reads);
  }

  DeviceRows messages() {
    return messages;
  }

  /// Counts a message that is to be added.
  ///
  /// @return what makes place for it
  List<RowChange> add(DeviceRows.Key to, int bytes) {
    List<RowChange> changes = new ArrayList<>(messages.add(to, bytes));
    changes.addAll(ofUsers.add(to.user(), bytes));
    return changes;
  }

  DeviceRows transactions() {
    return transactions;
  }

  @Override
  public DeviceMessages messages(
      UserId user, DeviceId device, LogPosition after, LogPosition upTo, int most) {
    DeviceMessages found = page(user, device, after, upTo, most);
    while (found.list().isEmpty() && !found.areAll()) {
      found = page(user, device, found.last(), upTo, most);
    }
    return found;
  }

  private DeviceMessages page(
      UserId user, DeviceId device, LogPosition after, LogPosition upTo, int most) {
    return reads.read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(SELECT)) {
        statement.setString(1, user.value());
        statement.setString(2, device.value());
        statement.setLong(3, after.value());
        statement.setLong(4, upTo.value());
        statement.setInt(5, most + 1);
        try (ResultSet rows = statement.executeQuery()) {
          return page(rows, after, most);
        }
      }
    });
  }

  /// What cannot be read has its place among the others, so that the token of the device passes it
  /// and it is deleted with them.
  private DeviceMessages page(ResultSet rows, LogPosition after, int most) throws SQLException {
    List<DeviceMessage> read = new ArrayList<>();
    LogPosition last = after;
    long bytes = 0;
    for (int count = 0; rows.next(); count++) {
      if (count == most || bytes >= MOST_BYTES) {
        return new DeviceMessages(read, last, false);
      }
      reads.readable(SELECT, rows, Inboxes::message).ifPresent(read::add);
      last = new LogPosition(rows.getLong(1));
      bytes += rows.getInt(4);
    }
    return new DeviceMessages(read, last, true);
  }

  private static DeviceMessage message(ResultSet row) throws SQLException {
    return new DeviceMessage(
        new LogPosition(row.getLong(1)),
        row.getString(2),
        row.getString(3),
        MatrixJson.restoreObject(row.getBytes(5)));
  }

  /// Whether that transaction has been committed.
  boolean isDone(Transaction transaction) {
    return reads
        .first(
            "SELECT 1 FROM device_transaction WHERE user_id = ? AND device_id = ?"
                + " AND event_type = ? AND transaction_id = ?",
            statement -> {
              statement.setString(1, transaction.device().user());
              statement.setString(2, transaction.device().device());
              statement.setString(3, transaction.type());
              statement.setString(4, transaction.id());
            },
            row -> row.getInt(1))
        .isPresent();
  }

  /// A transaction id within its scope: "the endpoint being used, and the device".
  record Transaction(DeviceRows.Key device, String type, String id) {}

  static RowChange insert(Transaction transaction) {
    if (transaction.device().device().isEmpty()) {
      return RowChange.of(
          TRANSACTION,
          "INSERT INTO device_transaction (user_id, device_id, event_type, transaction_id,"
              + " position) VALUES (?, '', ?, ?, ?)",
          (statement, first) -> {
            statement.setString(1, transaction.device().user());
            statement.setString(2, transaction.type());
            statement.setString(3, transaction.id());
            statement.setLong(4, first.value());
          });
    }
    return TRANSACTIONS.insert(
        transaction.device().user(),
        transaction.device().device(),
        (statement, first) -> {
          statement.setString(3, transaction.type());
          statement.setString(4, transaction.id());
          statement.setLong(5, first.value());
        });
  }

  /// @param index the message stands at the unit's first position plus this
  static RowChange insert(
      DeviceRows.Key to, UserId sender, String type, byte[] content, int index) {
    return MESSAGES.insert(
        to.user(),
        to.device(),
        (statement, first) -> {
          statement.setLong(3, first.plus(index).value());
          statement.setString(4, sender.value());
          statement.setString(5, type);
          statement.setInt(6, content.length);
          statement.setBytes(7, content);
        });
  }

  /// What is left by the devices that are logged out: the messages of a dehydrated one, and the
  /// transactions of tokens that belonged to none.
  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    return List.of(
        RowChange.of(
            MESSAGE,
            "DELETE FROM device_message WHERE user_id = ?",
            (statement, _) -> statement.setString(1, user.value())),
        transactions.deleteUpTo(new DeviceRows.Key(user.value(), ""), Long.MAX_VALUE));
  }

  @Override
  public List<RowChange> clearing(UserId user, DeviceId device) {
    DeviceRows.Key key = DeviceRows.key(user, device);
    return List.of(
        messages.deleteUpTo(key, Long.MAX_VALUE), transactions.deleteUpTo(key, Long.MAX_VALUE));
  }
}
