package org.hearth.server.servers.room.state;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.StorageException;
import org.jspecify.annotations.Nullable;

/// Reads a whole room from the database: its row, its keys, its current state and members.
///
/// **thread**: any.
public final class RoomLoader {
  /// A room may change while it is read; then it is read again. A room that changes all the time is
  /// in memory, so nobody reads it.
  private static final int ATTEMPTS = 20;

  private static final String ROOM =
      "SELECT room_nid, room_id, version, creator, first_position, last_position, depth, snapshot,"
          + " extremities, last_jump FROM room WHERE room_id = ?";
  private static final String SNAPSHOT = "SELECT snapshot FROM room WHERE room_nid = ?";
  private static final String KEYS =
      "SELECT type, state_key FROM room_state_key WHERE room_nid = ? ORDER BY key_nid";
  private static final String MEMBERS =
      "SELECT position, membership FROM room_member WHERE room_nid = ?";

  private final ReadPool reads;

  public RoomLoader(ReadPool reads) {
    this.reads = reads;
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Head(
      long number,
      RoomId id,
      RoomVersion version,
      UserId creator,
      long first,
      long last,
      long depth,
      long snapshot,
      byte[] extremities,
      long lastJump) {}

  /// The room as it is committed; empty when there is none of that id.
  ///
  /// @throws StorageException also when the room's rows do not fit together
  public Optional<RoomView> load(RoomId room) {
    return reads.read(connection -> {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        Optional<Head> head = head(connection, room);
        if (head.isEmpty()) {
          return Optional.empty();
        }
        RoomView view = view(connection, head.get());
        if (snapshotNow(connection, head.get().number()) == head.get().snapshot()) {
          return Optional.of(view);
        }
      }
      throw new StorageException(
          StorageException.Reason.BUSY,
          "%s changed %d times while it was read".formatted(room, ATTEMPTS));
    });
  }

  private static Optional<Head> head(Connection connection, RoomId room) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(ROOM)) {
      statement.setString(1, room.value());
      try (ResultSet rows = statement.executeQuery()) {
        if (!rows.next()) {
          return Optional.empty();
        }
        return Optional.of(
            new Head(
                rows.getLong(1),
                RoomId.parse(rows.getString(2)),
                version(rows.getString(3)),
                UserId.parse(rows.getString(4)),
                rows.getLong(5),
                rows.getLong(6),
                rows.getLong(7),
                rows.getLong(8),
                rows.getBytes(9),
                rows.getLong(10)));
      }
    }
  }

  private static RoomView view(Connection connection, Head head) throws SQLException {
    Map<Long, Membership> memberships = memberships(connection, head.number());
    StateKeys keys = new StateKeys(keys(connection, head.number()));
    StateRows rows = StateRows.read(connection, head.snapshot());
    @Nullable EventRef[] events = new EventRef[rows.keyLimit()];
    rows.forEach((key, position) -> events[key] = EventRef.at(position, memberships.get(position)));
    StateSnapshot state = StateSnapshot.loaded(head.snapshot(), events, rows.layers(), rows.hash());
    RoomInfo info = new RoomInfo(head.number(), head.id(), head.version(), head.creator(), keys);
    return new RoomView(
        info,
        EventRef.at(head.last(), (Membership) null),
        EventRef.at(head.lastJump(), (Membership) null),
        head.depth(),
        ExtremityPacking.unpack(head.extremities()),
        state,
        Members.of(keys, state));
  }

  private static long snapshotNow(Connection connection, long room) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(SNAPSHOT)) {
      statement.setLong(1, room);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() ? rows.getLong(1) : -1;
      }
    }
  }

  private static List<StateKey> keys(Connection connection, long room) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(KEYS)) {
      statement.setLong(1, room);
      try (ResultSet rows = statement.executeQuery()) {
        List<StateKey> keys = new ArrayList<>();
        while (rows.next()) {
          keys.add(new StateKey(rows.getString(1).intern(), rows.getString(2)));
        }
        return keys;
      }
    }
  }

  private static Map<Long, Membership> memberships(Connection connection, long room)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(MEMBERS)) {
      statement.setLong(1, room);
      try (ResultSet rows = statement.executeQuery()) {
        Map<Long, Membership> memberships = new HashMap<>();
        while (rows.next()) {
          memberships.put(rows.getLong(1), MembershipCode.membership(rows.getInt(2)));
        }
        return memberships;
      }
    }
  }

  static RoomVersion version(String id) {
    return RoomVersions.of(id)
        .orElseThrow(() ->
            new StorageException(
                StorageException.Reason.BAD_QUERY,
                "a room is of version %s, which is not known here".formatted(id)));
  }
}
