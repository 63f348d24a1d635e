package org.hearth.server.servers.device;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.services.keys.KeptDevices;
import org.hearth.server.services.keys.StoredKeys;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// The tables `remote_device_list` and `remote_device`: what is known of the devices of users of
/// other servers.
///
/// **thread**: any.
public final class RemoteDevices implements KeptDevices, RemoteDeviceQueries {
  /// Devices of one user.
  static final int MOST_DEVICES = 1_000;

  /// What the keys of one user and of that user's devices take together.
  static final int MOST_BYTES = 1 << 20;

  /// Lists of one server's users, and what these take together.
  static final Amount MOST_OF_SERVER = new Amount(20_000, 256L << 20);

  /// Lists of all, and what these take together.
  static final Amount MOST = new Amount(50_000, 1L << 30);

  static final Table LIST =
      new Table(
          "remote_device_list",
          "50,000 rows and 1 GiB with the devices, of one server's users 20,000 and 256 MiB",
          "a list beyond the bound is not kept; deleted when no user of this server shares a room"
              + " with that one");
  static final Table DEVICE =
      new Table(
          "remote_device",
          "1,000 rows and 1 MiB a user",
          "of who has more nothing is kept; deleted with the list");

  private static final String NEW_DEVICE =
      "INSERT INTO remote_device (user_id, device_id, display_name, content)"
          + " SELECT CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255)),"
          + " CAST(? AS BLOB(16K)) FROM sysibm.sysdummy1"
          + " WHERE EXISTS (SELECT 1 FROM remote_device_list WHERE user_id = ?)";

  private static final String ALL_DEVICES =
      "SELECT device_id, display_name, content FROM remote_device WHERE user_id = ?";

  private static final byte[] NONE = {};

  private final ReadPool reads;

  /// Reads from that database.
  public RemoteDevices(ReadPool reads) {
    this.reads = reads;
  }

  // --- reading

  /// What a list is, without the devices.
  ///
  /// @param there whether it is kept
  /// @param streamId of the last update that is in it
  /// @param fresh whether it is up to date
  /// @param marks how often it was called out of date
  /// @param devices as many at least as there are
  /// @param bytes as many at least as the keys take
  record Head(boolean there, long streamId, boolean fresh, long marks, int devices, int bytes) {
    static final Head NOT_THERE = new Head(false, 0, false, 0, 0, 0);
    static final Head BEGUN = new Head(true, 0, false, 1, 0, 0);

    Head marked() {
      return new Head(there, streamId, false, marks + 1, devices, bytes);
    }

    Head updated(long stream, int moreDevices, int moreBytes) {
      return new Head(there, stream, fresh, marks, devices + moreDevices, bytes + moreBytes);
    }

    boolean isTooLarge() {
      return devices > MOST_DEVICES || bytes > MOST_BYTES;
    }
  }

  /// Lists, and what they take together.
  record Amount(int lists, long bytes) {
    boolean isAtLeast(Amount other) {
      return lists >= other.lists && bytes >= other.bytes;
    }
  }

  Head head(UserId user) {
    return reads
        .first(
            "SELECT stream_id, fresh, marks, devices, bytes FROM remote_device_list"
                + " WHERE user_id = ?",
            statement -> statement.setString(1, user.value()),
            row ->
                new Head(
                    true,
                    row.getLong(1),
                    row.getInt(2) != 0,
                    row.getLong(3),
                    row.getInt(4),
                    row.getInt(5)))
        .orElse(Head.NOT_THERE);
  }

  /// What is kept of all servers' users, or of one's.
  Amount amount(Optional<ServerName> server) {
    String select = "SELECT COUNT(*), SUM(CAST(bytes AS BIGINT)) FROM remote_device_list";
    return reads
        .first(
            server.isEmpty() ? select : select + " WHERE server_name = ?",
            statement -> {
              if (server.isPresent()) {
                statement.setString(1, server.get().value());
              }
            },
            row -> new Amount(row.getInt(1), row.getLong(2)))
        .orElseThrow();
  }

  /// The users whose lists are kept.
  Set<UserId> users() {
    return new HashSet<>(
        reads.selectReadable(
            "SELECT user_id FROM remote_device_list",
            _ -> {},
            row -> UserId.parse(row.getString(1))));
  }

  @Override
  public Knowledge knowledge(UserId user) {
    Head head = head(user);
    if (!head.there()) {
      return Knowledge.NONE;
    }
    return head.fresh() ? Knowledge.FRESH : Knowledge.STALE;
  }

  @Override
  public Optional<KeptList> list(UserId user) {
    return reads
        .first(
            "SELECT master_key, self_signing_key FROM remote_device_list WHERE user_id = ?",
            statement -> statement.setString(1, user.value()),
            row -> List.of(row.getBytes(1), row.getBytes(2)))
        .map(keys -> new KeptList(devices(user), json(keys.get(0)), json(keys.get(1))));
  }

  private Map<DeviceId, KeptDevice> devices(UserId user) {
    Map<DeviceId, KeptDevice> devices = new HashMap<>();
    reads
        .selectReadable(
            ALL_DEVICES,
            statement -> statement.setString(1, user.value()),
            row ->
                Map.entry(
                    new DeviceId(row.getString(1)),
                    new KeptDevice(
                        Optional.of(row.getString(2)).filter(name -> !name.isEmpty()),
                        keys(row.getBytes(3)))))
        .forEach(each -> devices.put(each.getKey(), each.getValue()));
    return devices;
  }

  private StoredKeys keys(byte[] stored) {
    return () -> reads.readable(ALL_DEVICES, () -> json(stored)).flatMap(Function.identity());
  }

  private static Optional<ObjectNode> json(byte[] stored) {
    return stored.length == 0 ? Optional.empty() : Optional.of(MatrixJson.restoreObject(stored));
  }

  @Override
  public long bytes(UserId user) {
    return head(user).bytes();
  }

  @Override
  public long streamId(UserId user) {
    return LocalLists.stream(reads, user).orElse(0L);
  }

  @Override
  public List<UserId> changed(LogPosition after, LogPosition upTo) {
    return reads.selectReadable(
        "SELECT user_id FROM remote_device_list"
            + " WHERE changed_position > ? AND changed_position <= ?",
        statement -> {
          statement.setLong(1, after.value());
          statement.setLong(2, upTo.value());
        },
        row -> UserId.parse(row.getString(1)));
  }

  @Override
  public List<ServerName> staleServers() {
    return reads.selectReadable(
        "SELECT DISTINCT server_name FROM remote_device_list WHERE fresh = 0",
        _ -> {},
        row -> ServerName.parse(row.getString(1)));
  }

  @Override
  public List<StaleList> stale(ServerName server, String after, int most) {
    return reads.selectReadable(
        "SELECT user_id, marks FROM remote_device_list"
            + " WHERE server_name = ? AND fresh = 0 AND user_id > ?"
            + " ORDER BY user_id FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setString(1, server.value());
          statement.setString(2, after);
          statement.setInt(3, most);
        },
        row -> new StaleList(UserId.parse(row.getString(1)), row.getLong(2)));
  }

  // --- changing

  /// Begins a list, which is out of date and is to be fetched.
  ///
  /// @param told whether clients are told at the unit's first position that it changed
  static List<RowChange> begin(UserId user, boolean told) {
    List<RowChange> rows = new ArrayList<>(forget(user));
    rows.add(
        RowChange.of(
            LIST,
            "INSERT INTO remote_device_list (user_id, server_name, stream_id, fresh, marks,"
                + " changed_position, devices, bytes, master_key, self_signing_key)"
                + " VALUES (?, ?, 0, 0, 1, ?, 0, 0, ?, ?)",
            (statement, first) -> {
              statement.setString(1, user.value());
              statement.setString(2, user.server().value());
              statement.setLong(3, told ? first.value() : 0);
              statement.setBytes(4, NONE);
              statement.setBytes(5, NONE);
            }));
    return rows;
  }

  static List<RowChange> forget(UserId user) {
    return List.of(
        RowChange.of(
            DEVICE,
            "DELETE FROM remote_device WHERE user_id = ?",
            (statement, _) -> statement.setString(1, user.value())),
        RowChange.of(
            LIST,
            "DELETE FROM remote_device_list WHERE user_id = ?",
            (statement, _) -> statement.setString(1, user.value())));
  }

  /// The list is out of date; clients are told at the unit's first position that it changed.
  static RowChange mark(UserId user) {
    return RowChange.of(
        LIST,
        "UPDATE remote_device_list SET fresh = 0, marks = marks + 1, changed_position = ?"
            + " WHERE user_id = ?",
        (statement, first) -> {
          statement.setLong(1, first.value());
          statement.setString(2, user.value());
        });
  }

  /// A device comes, changes or goes.
  ///
  /// @param device null if it goes
  static List<RowChange> update(
      UserId user, DeviceId id, DeviceInput.@Nullable RemoteDevice device, Head after) {
    List<RowChange> rows = new ArrayList<>();
    rows.add(
        RowChange.of(
            LIST,
            "UPDATE remote_device_list SET stream_id = ?, devices = ?, bytes = ?,"
                + " changed_position = ? WHERE user_id = ?",
            (statement, first) -> {
              statement.setLong(1, after.streamId());
              statement.setInt(2, after.devices());
              statement.setInt(3, after.bytes());
              statement.setLong(4, first.value());
              statement.setString(5, user.value());
            }));
    rows.add(
        RowChange.of(
            DEVICE,
            "DELETE FROM remote_device WHERE user_id = ? AND device_id = ?",
            (statement, _) -> {
              statement.setString(1, user.value());
              statement.setString(2, id.value());
            }));
    if (device != null) {
      rows.add(insert(user, device));
    }
    return rows;
  }

  private static RowChange insert(UserId user, DeviceInput.RemoteDevice device) {
    byte[] keys = bytes(device.keys());
    return RowChange.of(
        DEVICE,
        NEW_DEVICE,
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setString(2, device.device().value());
          statement.setString(3, device.displayName() == null ? "" : device.displayName());
          statement.setBytes(4, keys);
          statement.setString(5, user.value());
        });
  }

  /// One of the cross-signing keys is another.
  static RowChange setMasterKey(UserId user, ObjectNode key) {
    return setKey("UPDATE remote_device_list SET master_key = ?", user, key);
  }

  static RowChange setSelfSigningKey(UserId user, ObjectNode key) {
    return setKey("UPDATE remote_device_list SET self_signing_key = ?", user, key);
  }

  private static RowChange setKey(String what, UserId user, ObjectNode key) {
    byte[] content = MatrixJson.write(key);
    return RowChange.of(
        LIST,
        what + ", bytes = bytes + ?, changed_position = ? WHERE user_id = ?",
        (statement, first) -> {
          statement.setBytes(1, content);
          statement.setInt(2, content.length);
          statement.setLong(3, first.value());
          statement.setString(4, user.value());
        });
  }

  /// Puts a list that was fetched into the place of what was there. It is up to date if it was not
  /// called out of date since.
  static List<RowChange> replace(DeviceInput.ReceiveDeviceList list, int bytes) {
    UserId user = list.user();
    List<RowChange> rows = new ArrayList<>();
    rows.add(
        RowChange.of(
            LIST,
            "UPDATE remote_device_list SET stream_id = ?, devices = ?, bytes = ?,"
                + " fresh = CASE WHEN marks = ? THEN 1 ELSE 0 END,"
                + " changed_position = ?, master_key = ?, self_signing_key = ? WHERE user_id = ?",
            (statement, first) -> replace(statement, first, list, bytes)));
    rows.add(
        RowChange.of(
            DEVICE,
            "DELETE FROM remote_device WHERE user_id = ?",
            (statement, _) -> statement.setString(1, user.value())));
    list.devices().forEach(each -> rows.add(insert(user, each)));
    return rows;
  }

  private static void replace(
      PreparedStatement statement, LogPosition first, DeviceInput.ReceiveDeviceList list, int bytes)
      throws SQLException {
    statement.setLong(1, list.streamId());
    statement.setInt(2, list.devices().size());
    statement.setInt(3, bytes);
    statement.setLong(4, list.asOf());
    statement.setLong(5, first.value());
    statement.setBytes(6, bytes(list.masterKey()));
    statement.setBytes(7, bytes(list.selfSigningKey()));
    statement.setString(8, list.user().value());
  }

  static byte[] bytes(@Nullable ObjectNode json) {
    return json == null ? NONE : MatrixJson.write(json);
  }
}
