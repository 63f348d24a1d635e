package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.Types;
import java.util.Optional;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The table `dehydrated_device`.
///
/// **thread**: any.
final class DehydratedDevices {
  /// What a client keeps of the device; the column's size.
  static final int MOST_DATA_BYTES = 64 << 10;

  static final Table TABLE =
      new Table(
          "dehydrated_device",
          "one row a user, of 64 KiB",
          "a new device takes the place of the old one; deleted with the account");

  private final ReadPool reads;

  DehydratedDevices(ReadPool reads) {
    this.reads = reads;
  }

  /// A device that nobody is logged in on.
  ///
  /// @param data what a client makes the device of again
  record Dehydrated(DeviceId id, Optional<String> displayName, ObjectNode data) {}

  /// The user's device, if it can be read.
  Optional<Dehydrated> of(UserId user) {
    return reads.firstReadable(
        "SELECT device_id, display_name, content FROM dehydrated_device WHERE user_id = ?",
        statement -> statement.setString(1, user.value()),
        row ->
            new Dehydrated(
                new DeviceId(row.getString(1)),
                Optional.ofNullable(row.getString(2)),
                MatrixJson.restoreObject(row.getBytes(3))));
  }

  Optional<DeviceId> idOf(UserId user) {
    return reads.first(
        "SELECT device_id FROM dehydrated_device WHERE user_id = ?",
        statement -> statement.setString(1, user.value()),
        row -> new DeviceId(row.getString(1)));
  }

  /// Adds a device to a user who has none.
  static RowChange insert(UserId user, Dehydrated device) {
    byte[] content = MatrixJson.write(device.data());
    return RowChange.of(
        TABLE,
        "INSERT INTO dehydrated_device (user_id, device_id, display_name, content)"
            + " VALUES (?, ?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setString(2, device.id().value());
          if (device.displayName().isPresent()) {
            statement.setString(3, device.displayName().get());
          } else {
            statement.setNull(3, Types.VARCHAR);
          }
          statement.setBytes(4, content);
        });
  }

  /// Removes the device if it has that id.
  static RowChange delete(UserId user, DeviceId device) {
    return RowChange.of(
        TABLE,
        "DELETE FROM dehydrated_device WHERE user_id = ? AND device_id = ?",
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setString(2, device.value());
        });
  }
}
