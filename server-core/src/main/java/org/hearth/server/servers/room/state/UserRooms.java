package org.hearth.server.servers.room.state;

import java.lang.System.Logger.Level;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.ReadPool;

/// The rooms of users, read from the tables `room_member` and `room_outside` and kept in memory
/// within a budget of bytes.
///
/// **thread**: any; `changed` the committer's only.
public final class UserRooms {
  private static final System.Logger LOG = System.getLogger(UserRooms.class.getName());
  private static final int BYTES_PER_USER = 200;

  /// Beside the room's id, which another server may have made long.
  private static final int BYTES_PER_ROOM = 150;

  private static final String OF_USER =
      "SELECT r.room_id, m.membership, CASE WHEN e.place > 0 THEN e.place ELSE m.position END,"
          + " m.forgotten FROM room_member m JOIN room r ON r.room_nid = m.room_nid"
          + " LEFT JOIN room_event e ON e.position = m.position WHERE m.user_id = ?";
  private static final String OUTSIDE_OF_USER =
      "SELECT room_id, membership, position, 0 FROM room_outside WHERE user_id = ?";
  private static final String OUTSIDE_IN_ROOM = OUTSIDE_OF_USER + " AND room_id = ?";
  private static final String IN_ROOM = OF_USER + " AND r.room_id = ?";

  /// Left to itself, Derby reads all members of all rooms for it.
  private static final String JOINED =
      "SELECT r.room_id, m.user_id FROM --DERBY-PROPERTIES joinOrder=FIXED\n"
          + " room_member m --DERBY-PROPERTIES constraint=room_member_pk\n"
          + " JOIN room r ON r.room_nid = m.room_nid WHERE m.membership = ? AND m.user_id IN ("
          + String.join(", ", Collections.nCopies(RoomQueries.MOST_USERS, "?"))
          + ")";

  private final ReadPool reads;
  private final GuardedCache<UserId, Map<RoomId, RoomMembership>> users;

  UserRooms(ReadPool reads, long maximumBytes) {
    this.reads = reads;
    this.users =
        new GuardedCache<>(
            maximumBytes,
            (user, rooms) ->
                BYTES_PER_USER
                    + user.value().length()
                    + rooms.keySet().stream()
                        .mapToInt(room -> BYTES_PER_ROOM + room.value().length())
                        .sum());
  }

  /// All rooms with which the user has or had anything to do.
  public Collection<RoomMembership> of(UserId user) {
    Map<RoomId, RoomMembership> kept = users.get(user);
    if (kept != null) {
      return kept.values();
    }
    long ticket = users.ticket(user);
    Map<RoomId, RoomMembership> read = read(user);
    users.keep(user, read, ticket);
    return read.values();
  }

  /// What the user is to one room; empty when there never was anything. The user's other rooms are
  /// not read for it.
  public Optional<RoomMembership> in(RoomId room, UserId user) {
    Map<RoomId, RoomMembership> kept = users.get(user);
    return kept == null ? read(room, user) : Optional.ofNullable(kept.get(room));
  }

  /// A rough size in memory of what is kept.
  public long weightBytes() {
    return users.weightBytes();
  }

  /// A commit changed a membership of the user.
  public void changed(UserId user) {
    users.invalidate(user);
  }

  /// A damaged row costs its room only.
  private static Optional<RoomMembership> membership(UserId user, ResultSet row)
      throws SQLException {
    String room = row.getString(1);
    try {
      return Optional.of(
          new RoomMembership(
              RoomId.parse(room),
              user,
              MembershipCode.membership(row.getInt(2)),
              new LogPosition(row.getLong(3)),
              row.getInt(4) != 0));
    } catch (IllegalArgumentException | InvalidIdentifierException e) {
      LOG.log(Level.ERROR, "the membership of %s in %s cannot be read".formatted(user, room), e);
      return Optional.empty();
    }
  }

  /// The rooms in which any of these users is joined, with those users; read from the database.
  ///
  /// @param users at most [RoomQueries#MOST_USERS]
  public Map<RoomId, List<UserId>> joined(List<UserId> users) {
    if (users.size() > RoomQueries.MOST_USERS) {
      throw new IllegalArgumentException(users.size() + " users at once");
    }
    Map<RoomId, List<UserId>> joined = new HashMap<>();
    if (users.isEmpty()) {
      return joined;
    }
    return reads.read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(JOINED)) {
        statement.setInt(1, MembershipCode.of(Membership.JOIN));
        for (int i = 0; i < RoomQueries.MOST_USERS; i++) {
          statement.setString(2 + i, users.get(Math.min(i, users.size() - 1)).value());
        }
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            joined
                .computeIfAbsent(RoomId.parse(rows.getString(1)), _ -> new ArrayList<>())
                .add(UserId.parse(rows.getString(2)));
          }
          return joined;
        }
      }
    });
  }

  private Map<RoomId, RoomMembership> read(UserId user) {
    Map<RoomId, RoomMembership> rooms = new HashMap<>();
    return reads.read(connection -> {
      for (String each : List.of(OF_USER, OUTSIDE_OF_USER)) {
        try (PreparedStatement statement = connection.prepareStatement(each)) {
          statement.setString(1, user.value());
          take(user, statement, rooms);
        }
      }
      return Map.copyOf(rooms);
    });
  }

  private Optional<RoomMembership> read(RoomId room, UserId user) {
    Map<RoomId, RoomMembership> rooms = new HashMap<>();
    return reads.read(connection -> {
      for (String each : List.of(IN_ROOM, OUTSIDE_IN_ROOM)) {
        try (PreparedStatement statement = connection.prepareStatement(each)) {
          statement.setString(1, user.value());
          statement.setString(2, room.value());
          take(user, statement, rooms);
        }
      }
      return Optional.ofNullable(rooms.get(room));
    });
  }

  /// What came later holds: who has left a room may be invited to it when it is no longer here.
  private static void take(
      UserId user, PreparedStatement statement, Map<RoomId, RoomMembership> rooms)
      throws SQLException {
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        membership(user, rows)
            .ifPresent(each ->
                rooms.merge(
                    each.room(),
                    each,
                    (one, other) -> other.position().isAfter(one.position()) ? other : one));
      }
    }
  }
}
