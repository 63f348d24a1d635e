package org.hearth.server.servers.device;

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
/// **thread**: any, but for what the shard alone asks: [#messages] and [#transactions].
public final class Inboxes implements DeviceQueries, AccountCompanion {
  /// Messages in the inbox of one device.
  static final int MOST_MESSAGES = 5_000;

  /// Transactions of one device that are known to be done.
  static final int MOST_TRANSACTIONS = 1_000;

  static final Table MESSAGE =
      new Table(
          "device_message",
          "5,000 rows a device",
          "a message beyond the bound removes the oldest of whoever has sent the most; deleted when the device has it, and with the device");
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
          "content BLOB(64K)");
  private static final DeviceRow TRANSACTIONS =
      new DeviceRow(
          TRANSACTION, "event_type VARCHAR(255)", "transaction_id VARCHAR(255)", "position BIGINT");

  private final ReadPool reads;
  private final DeviceRows messages;
  private final DeviceRows transactions;

  /// Reads from that database.
  public Inboxes(ReadPool reads) {
    this.reads = reads;
    messages = new DeviceRows(MESSAGE, MOST_MESSAGES, true, reads);
    transactions = new DeviceRows(TRANSACTION, MOST_TRANSACTIONS, false, reads);
  }

  DeviceRows messages() {
    return messages;
  }

  DeviceRows transactions() {
    return transactions;
  }

  @Override
  public List<DeviceMessage> messages(
      UserId user, DeviceId device, LogPosition after, LogPosition upTo, int most) {
    return reads.select(
        "SELECT position, sender, event_type, content FROM device_message"
            + " WHERE user_id = ? AND device_id = ? AND position > ? AND position <= ?"
            + " ORDER BY position FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setString(1, user.value());
          statement.setString(2, device.value());
          statement.setLong(3, after.value());
          statement.setLong(4, upTo.value());
          statement.setInt(5, most);
        },
        row ->
            new DeviceMessage(
                new LogPosition(row.getLong(1)),
                row.getString(2),
                row.getString(3),
                MatrixJson.restoreObject(row.getBytes(4))));
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
          "INSERT INTO device_transaction (user_id, device_id, event_type, transaction_id, position)"
              + " VALUES (?, '', ?, ?, ?)",
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
          statement.setBytes(6, content);
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
