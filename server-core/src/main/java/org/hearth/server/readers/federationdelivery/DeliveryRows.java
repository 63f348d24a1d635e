package org.hearth.server.readers.federationdelivery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The tables of this box.
///
/// **thread**: any.
final class DeliveryRows {
  static final Table PROGRESS = new Table("delivery_progress", "four rows", "made once");

  static final Table DEBT =
      new Table(
          "delivery_debt",
          "10,000 servers, of each 10,000 rooms with 100 events that must not be left out",
          "deleted when the server has been told; a server beyond the bound takes the place of one"
              + " that has taken nothing yet, a room beyond it of the one that was owed first");

  static final Table EDU =
      new Table(
          "delivery_edu",
          "10,000 servers, of each 10,000 messages, of all 100,000, and one row a device of a user"
              + " who shares a room with it",
          "deleted when the server has acknowledged it; a message beyond the bound removes the"
              + " oldest, a device's update the one before it; deleted with the server that goes"
              + " from delivery_debt");

  /// Devices of which a change is kept for whoever was not told of it.
  static final int MOST_CHANGED = 100_000;

  static final Table CHANGE =
      new Table(
          "delivery_change",
          "100,000 devices of users who share a room with another server",
          "a device's next change takes the place of the one before it; beyond the bound the oldest"
              + " are deleted");

  /// The name by which is known how far it has come that everybody has been told of changes.
  static final String CHANGES = "device-changes";

  private static final RoomId NO_ROOM = RoomId.parse("!devices");

  private final ReadPool reads;

  DeliveryRows(ReadPool reads) {
    this.reads = reads;
  }

  /// What a row of debts stands for.
  enum Kind {
    /// The latest events of a room.
    ROOM(1),
    /// One event.
    EVENT(2),
    /// The receipts that were set since.
    RECEIPTS(3),
    /// The devices that have changed since; of no room.
    DEVICES(4);

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    static Kind of(int number) {
      for (Kind each : values()) {
        if (each.number == number) {
          return each;
        }
      }
      throw new IllegalArgumentException("a debt is of kind 1 to 4, not " + number);
    }
  }

  /// A row of debts, without the server's name.
  record Debt(Kind kind, RoomId room, long position) {
    /// Of the devices that have changed since a position, that one among them.
    static Debt ofDevices(long since) {
      return new Debt(Kind.DEVICES, NO_ROOM, since);
    }
  }

  /// A row of debts.
  record Owed(ServerName server, Debt debt) {}

  /// What a server has to be told of devices.
  ///
  /// @param part which part of what the entry at that position says
  record Edu(long position, int part, String type, ObjectNode content) {
    Key key() {
      return new Key(position, part);
    }
  }

  /// Which EDU.
  record Key(long position, int part) {}

  /// Up to where of that log everybody has been told, but for what the other tables say.
  LogPosition progress(String log) {
    return reads
        .first(
            "SELECT position FROM delivery_progress WHERE log = ?",
            statement -> statement.setString(1, log),
            row -> new LogPosition(row.getLong(1)))
        .orElse(LogPosition.ORIGIN);
  }

  /// The progress of a log never goes back.
  static RowChange progress(String log, LogPosition position) {
    return RowChange.of(
        PROGRESS,
        "UPDATE delivery_progress SET position = ? WHERE log = ? AND position < ?",
        (statement, _) -> {
          statement.setLong(1, position.value());
          statement.setString(2, log);
          statement.setLong(3, position.value());
        });
  }

  // --- debts

  /// All debts, those of before first.
  List<Owed> owed() {
    return reads.select(
        "SELECT server_name, kind, room_id, position FROM delivery_debt ORDER BY position",
        row ->
            new Owed(
                ServerName.parse(row.getString(1)),
                new Debt(Kind.of(row.getInt(2)), RoomId.parse(row.getString(3)), row.getLong(4))));
  }

  static RowChange delete(ServerName server, Debt debt) {
    return RowChange.of(
        DEBT,
        "DELETE FROM delivery_debt"
            + " WHERE server_name = ? AND kind = ? AND room_id = ? AND position = ?",
        (statement, _) -> {
          statement.setString(1, server.value());
          statement.setInt(2, debt.kind().number);
          statement.setString(3, debt.room().value());
          statement.setLong(4, debt.position());
        });
  }

  /// Adds a debt that may be there: a unit that was given up may be committed all the same.
  static List<RowChange> add(ServerName server, Debt debt) {
    return List.of(
        delete(server, debt),
        RowChange.of(
            DEBT,
            "INSERT INTO delivery_debt (server_name, kind, room_id, position) VALUES (?, ?, ?, ?)",
            (statement, _) -> {
              statement.setString(1, server.value());
              statement.setInt(2, debt.kind().number);
              statement.setString(3, debt.room().value());
              statement.setLong(4, debt.position());
            }));
  }

  /// Deletes all that a server has to be told, of devices up to that position.
  static List<RowChange> forget(ServerName server, LogPosition devices) {
    return List.of(
        RowChange.of(
            DEBT,
            "DELETE FROM delivery_debt WHERE server_name = ?",
            (statement, _) -> statement.setString(1, server.value())),
        RowChange.of(
            EDU,
            "DELETE FROM delivery_edu WHERE server_name = ? AND position <= ?",
            (statement, _) -> {
              statement.setString(1, server.value());
              statement.setLong(2, devices.value());
            }));
  }

  // --- changes of devices

  /// What has changed of a device, or of a user's own keys, whose `device` is empty.
  record Change(Edu edu, UserId user, String device) {}

  /// A change takes the place of the one before it.
  static List<RowChange> change(Change change) {
    byte[] content = MatrixJson.write(change.edu().content());
    return List.of(
        RowChange.of(
            CHANGE,
            "DELETE FROM delivery_change WHERE edu_type = ? AND user_id = ? AND device_id = ?",
            (statement, _) -> {
              statement.setString(1, change.edu().type());
              statement.setString(2, change.user().value());
              statement.setString(3, change.device());
            }),
        RowChange.of(
            CHANGE,
            "INSERT INTO delivery_change (edu_type, user_id, device_id, position, content)"
                + " VALUES (?, ?, ?, ?, ?)",
            (statement, _) -> {
              statement.setString(1, change.edu().type());
              statement.setString(2, change.user().value());
              statement.setString(3, change.device());
              statement.setLong(4, change.edu().position());
              statement.setBytes(5, content);
            }));
  }

  /// What has changed from a position on, in order.
  List<Change> changes(long from, int most) {
    return reads.select(
        "SELECT position, edu_type, content, user_id, device_id FROM delivery_change"
            + " WHERE position >= ? ORDER BY position FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setLong(1, from);
          statement.setInt(2, most);
        },
        row ->
            new Change(
                new Edu(
                    row.getLong(1), 0, row.getString(2), MatrixJson.restoreObject(row.getBytes(3))),
                UserId.parse(row.getString(4)),
                row.getString(5)));
  }

  /// Deletes the oldest changes beyond so many.
  static RowChange deleteChangesBeyond(int most) {
    return RowChange.of(
        CHANGE,
        "DELETE FROM delivery_change WHERE position <= (SELECT position FROM delivery_change"
            + " ORDER BY position DESC OFFSET ? ROWS FETCH NEXT 1 ROWS ONLY)",
        (statement, _) -> statement.setInt(1, most));
  }

  // --- EDUs

  /// How many EDUs a server has to be told.
  record Waiting(ServerName server, long count) {}

  List<Waiting> waiting() {
    return reads.select(
        "SELECT server_name, COUNT(*) FROM delivery_edu GROUP BY server_name",
        row -> new Waiting(ServerName.parse(row.getString(1)), row.getLong(2)));
  }

  /// How many messages for devices each server has to be told.
  List<Waiting> messages() {
    return reads.select(
        "SELECT server_name, COUNT(*) FROM delivery_edu WHERE edu_type = ? GROUP BY server_name",
        statement -> statement.setString(1, Edus.DIRECT_TO_DEVICE),
        row -> new Waiting(ServerName.parse(row.getString(1)), row.getLong(2)));
  }

  /// The oldest EDUs for a server, in order.
  List<Edu> edus(ServerName server, int most) {
    return reads.select(
        "SELECT position, part, edu_type, content FROM delivery_edu WHERE server_name = ?"
            + " ORDER BY position, part FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setString(1, server.value());
          statement.setInt(2, most);
        },
        row ->
            new Edu(
                row.getLong(1),
                row.getInt(2),
                row.getString(3),
                MatrixJson.restoreObject(row.getBytes(4))));
  }

  /// The keys of the oldest messages beyond so many.
  List<Key> messagesBeyond(ServerName server, long most) {
    long count =
        reads
            .first(
                "SELECT COUNT(*) FROM delivery_edu WHERE server_name = ? AND edu_type = ?",
                statement -> {
                  statement.setString(1, server.value());
                  statement.setString(2, Edus.DIRECT_TO_DEVICE);
                },
                row -> row.getLong(1))
            .orElse(0L);
    if (count <= most) {
      return List.of();
    }
    return reads.select(
        "SELECT position, part FROM delivery_edu WHERE server_name = ? AND edu_type = ?"
            + " ORDER BY position, part FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setString(1, server.value());
          statement.setString(2, Edus.DIRECT_TO_DEVICE);
          statement.setLong(3, count - most);
        },
        row -> new Key(row.getLong(1), row.getInt(2)));
  }

  static RowChange delete(ServerName server, Key edu) {
    return RowChange.of(
        EDU,
        "DELETE FROM delivery_edu WHERE server_name = ? AND position = ? AND part = ?",
        (statement, _) -> {
          statement.setString(1, server.value());
          statement.setLong(2, edu.position());
          statement.setInt(3, edu.part());
        });
  }

  /// Deletes what a server has to be told of a device, or of a user's own keys: something newer is
  /// to be told.
  static RowChange deleteOlder(ServerName server, String type, String user, String device) {
    return RowChange.of(
        EDU,
        "DELETE FROM delivery_edu"
            + " WHERE server_name = ? AND edu_type = ? AND user_id = ? AND device_id = ?",
        (statement, _) -> {
          statement.setString(1, server.value());
          statement.setString(2, type);
          statement.setString(3, user);
          statement.setString(4, device);
        });
  }

  /// Adds an EDU that may be there already.
  ///
  /// @param user whose device, with `device`; both are empty for a message
  static List<RowChange> add(ServerName server, Edu edu, String user, String device) {
    byte[] content = MatrixJson.write(edu.content());
    return List.of(
        delete(server, edu.key()),
        RowChange.of(
            EDU,
            "INSERT INTO delivery_edu"
                + " (server_name, position, part, edu_type, user_id, device_id, content)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (statement, _) -> {
              statement.setString(1, server.value());
              statement.setLong(2, edu.position());
              statement.setInt(3, edu.part());
              statement.setString(4, edu.type());
              statement.setString(5, user);
              statement.setString(6, device);
              statement.setBytes(7, content);
            }));
  }
}
