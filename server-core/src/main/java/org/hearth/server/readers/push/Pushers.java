package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The table `pusher`. A pusher belongs to the device that set it last: it goes in the commit that
/// removes the device, and with it what it has still to be told.
///
/// One whose row cannot be read is as good as gone, until its client sets it again.
///
/// **thread**: any.
public final class Pushers implements AccountCompanion {
  /// Pushers of a user. "A user can have multiple pushers: one per device."
  static final int MOST = 50;

  static final Table TABLE =
      new Table(
          "pusher",
          "50 rows a user",
          "a further one is refused; deleted with the device, the account, and when the gateway rejects the push key");

  private static final String SELECT =
      "SELECT pusher_id, user_id, app_id, pushkey, url, definition, set_millis, badge, failures,"
          + " failing_since_millis, next_try_millis FROM pusher ";
  private static final String DELETE_QUEUE =
      "DELETE FROM pusher_notification WHERE pusher_id IN (SELECT pusher_id FROM pusher WHERE ";
  private static final String DELETE = "DELETE FROM pusher WHERE ";

  private final ReadPool reads;
  private volatile Consumer<UserId> onGone = _ -> {};

  /// Reads from that database.
  public Pushers(ReadPool reads) {
    this.reads = reads;
  }

  /// @param listener told of users some of whose pushers may be gone; quick
  void onGone(Consumer<UserId> listener) {
    onGone = listener;
  }

  private static Pusher pusher(ResultSet row) throws SQLException {
    ObjectNode definition = MatrixJson.restoreObject(row.getBytes(6));
    return new Pusher(
        row.getLong(1),
        UserId.parse(row.getString(2)),
        new Pusher.Settings(
            row.getString(3), row.getString(4), URI.create(row.getString(5)), definition),
        Instant.ofEpochMilli(row.getLong(7)),
        row.getLong(8),
        new Pusher.Attempts(
            row.getInt(9),
            Instant.ofEpochMilli(row.getLong(10)),
            Instant.ofEpochMilli(row.getLong(11))));
  }

  /// A pusher as memory has it.
  record Entry(long id, UserId user, URI url) {}

  /// All pushers.
  List<Entry> all() {
    return reads.selectReadable(
        "SELECT pusher_id, user_id, url FROM pusher",
        _ -> {},
        row ->
            new Entry(
                row.getLong(1), UserId.parse(row.getString(2)), URI.create(row.getString(3))));
  }

  /// The user's pushers, the oldest first.
  List<Pusher> of(UserId user) {
    return reads.selectReadable(
        SELECT + "WHERE user_id = ? ORDER BY pusher_id",
        statement -> statement.setString(1, user.value()),
        Pushers::pusher);
  }

  Optional<Pusher> get(long id) {
    return reads
        .selectReadable(
            SELECT + "WHERE pusher_id = ?", statement -> statement.setLong(1, id), Pushers::pusher)
        .stream()
        .findFirst();
  }

  /// Users other than that one who have a pusher of that application and push key.
  List<UserId> others(UserId user, String appId, String pushkey) {
    return reads.selectReadable(
        "SELECT user_id FROM pusher WHERE app_id = ? AND pushkey = ? AND user_id <> ?",
        statement -> bind(statement, appId, pushkey, user.value()),
        row -> UserId.parse(row.getString(1)));
  }

  /// Makes a pusher, of which the unit's first position is the id. It is for a device that is there
  /// when this is committed: one that is being removed leaves no pusher behind.
  static RowChange insert(
      UserId user, DeviceId device, Pusher.Settings settings, Instant now, long badge) {
    return RowChange.of(
        TABLE,
        "INSERT INTO pusher (pusher_id, user_id, device_id, app_id, pushkey, url, definition,"
            + " set_millis, badge, failures, failing_since_millis, next_try_millis)"
            + " SELECT CAST(? AS BIGINT), user_id, device_id, CAST(? AS VARCHAR(64)),"
            + " CAST(? AS VARCHAR(512)), CAST(? AS VARCHAR(1024)), CAST(? AS BLOB(8K)),"
            + " CAST(? AS BIGINT), CAST(? AS BIGINT), 0, 0, 0"
            + " FROM device WHERE user_id = ? AND device_id = ?",
        (statement, first) -> {
          statement.setLong(1, first.value());
          statement.setString(2, settings.appId());
          statement.setString(3, settings.pushkey());
          statement.setString(4, settings.url().toString());
          statement.setBytes(5, MatrixJson.write(settings.definition()));
          statement.setLong(6, now.toEpochMilli());
          statement.setLong(7, badge);
          statement.setString(8, user.value());
          statement.setString(9, device.value());
        });
  }

  /// Sets a pusher anew; what failed before is no reason to wait now.
  static RowChange update(long id, DeviceId device, Pusher.Settings settings, Instant now) {
    return RowChange.of(
        TABLE,
        "UPDATE pusher SET device_id = ?, url = ?, definition = ?, set_millis = ?, failures = 0,"
            + " next_try_millis = 0 WHERE pusher_id = ? AND EXISTS"
            + " (SELECT 1 FROM device d WHERE d.user_id = pusher.user_id AND d.device_id = ?)",
        (statement, _) -> {
          statement.setString(1, device.value());
          statement.setString(2, settings.url().toString());
          statement.setBytes(3, MatrixJson.write(settings.definition()));
          statement.setLong(4, now.toEpochMilli());
          statement.setLong(5, id);
          statement.setString(6, device.value());
        });
  }

  /// Notes how it goes with the gateway, and of how many unread notifications it was told; nothing
  /// of a pusher that was set anew meanwhile, perhaps to another gateway.
  static RowChange note(Pusher pusher, Pusher.Attempts attempts, long badge) {
    return RowChange.of(
        TABLE,
        "UPDATE pusher SET failures = ?, failing_since_millis = ?, next_try_millis = ?, badge = ?"
            + " WHERE pusher_id = ? AND set_millis = ?",
        (statement, _) -> {
          statement.setInt(1, attempts.failures());
          statement.setLong(2, attempts.failingSince().toEpochMilli());
          statement.setLong(3, attempts.nextTry().toEpochMilli());
          statement.setLong(4, badge);
          statement.setLong(5, pusher.id());
          statement.setLong(6, pusher.setAt().toEpochMilli());
        });
  }

  /// "The pusher with this `app_id` and `pushkey` for this user is deleted."
  static List<RowChange> delete(UserId user, String appId, String pushkey) {
    return delete("app_id = ? AND pushkey = ? AND user_id = ?", appId, pushkey, user.value());
  }

  /// "The homeserver must remove any other pushers with the same App ID and pushkey for different
  /// users."
  static List<RowChange> deleteOfOthers(UserId user, String appId, String pushkey) {
    return delete("app_id = ? AND pushkey = ? AND user_id <> ?", appId, pushkey, user.value());
  }

  /// "Homeservers must cease sending notification requests for these pushkeys and remove the
  /// associated pushers", those of other users too. One at another gateway is not this one's to
  /// reject.
  static List<RowChange> deleteRejected(Pusher.Settings settings) {
    return delete(
        "app_id = ? AND pushkey = ? AND url = ?",
        settings.appId(),
        settings.pushkey(),
        settings.url().toString());
  }

  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    return delete("user_id = ?", user.value());
  }

  @Override
  public List<RowChange> clearing(UserId user, DeviceId device) {
    return delete("user_id = ? AND device_id = ?", user.value(), device.value());
  }

  @Override
  public void changed(UserId user) {
    onGone.accept(user);
  }

  @Override
  public void devicesChanged(UserId user) {
    onGone.accept(user);
  }

  private static List<RowChange> delete(String which, String... values) {
    return List.of(
        RowChange.of(
            PushQueue.TABLE, DELETE_QUEUE + which + ")", (statement, _) -> bind(statement, values)),
        RowChange.of(TABLE, DELETE + which, (statement, _) -> bind(statement, values)));
  }

  private static void bind(PreparedStatement statement, String... values) throws SQLException {
    for (int i = 0; i < values.length; i++) {
      statement.setString(i + 1, values[i]);
    }
  }
}
