package org.hearth.server.servers.room.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;

/// The table `room_outside`.
///
/// **thread**: any.
public final class OutsideRows {
  /// So many memberships that are over are kept of a user, the newest.
  public static final int MOST_OVER = 20;

  /// What a row holds of a room's state; the rest of what is given is left out.
  static final int MOST_STRIPPED_BYTES = 96 << 10;

  private static final String EVENTS = "events";
  private static final String COLUMNS =
      "SELECT room_id, user_id, position, membership, version, via, event_id, event, stripped"
          + " FROM room_outside ";
  private static final String ONE = COLUMNS + "WHERE user_id = ? AND room_id = ?";
  private static final String TOLD =
      COLUMNS + "WHERE position > ? AND position <= ? ORDER BY position FETCH FIRST ? ROWS ONLY";
  private static final String OF_ROOM = "SELECT user_id FROM room_outside WHERE room_id = ?";
  private static final String SIZE_OF_USER =
      "SELECT COUNT(*), SUM(CAST(size_bytes AS BIGINT)) FROM room_outside"
          + " WHERE user_id = ? AND membership IN (2, 5)";
  private static final String OF_USER_BY_VIA =
      "SELECT via, COUNT(*) FROM room_outside WHERE user_id = ? AND membership IN (2, 5)"
          + " GROUP BY via";
  private static final String SIZE_OF_ALL =
      "SELECT COUNT(*), SUM(CAST(size_bytes AS BIGINT)) FROM room_outside"
          + " WHERE membership IN (2, 5)";
  private static final String DELETE = "DELETE FROM room_outside WHERE user_id = ? AND room_id = ?";
  private static final String DELETE_OVER = DELETE + " AND membership IN (3, 4)";
  private static final String INSERT =
      "INSERT INTO room_outside (user_id, room_id, position, membership, version, via, event_id,"
          + " event, stripped, size_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

  /// After an insert: of what is over there are [#MOST_OVER].
  private static final String DELETE_OLD =
      "DELETE FROM room_outside WHERE user_id = ? AND membership IN (3, 4) AND position <="
          + " (SELECT position FROM room_outside WHERE user_id = ? AND membership IN (3, 4)"
          + " ORDER BY position DESC OFFSET %d ROWS FETCH NEXT 1 ROWS ONLY)".formatted(MOST_OVER);

  private OutsideRows() {}

  /// A row that is to be.
  ///
  /// @param membership what the event says
  public record Row(
      UserId user,
      Membership membership,
      Pdu event,
      List<ObjectNode> strippedState,
      ServerName via) {
    /// Copies the list.
    public Row {
      strippedState = List.copyOf(strippedState);
    }

    byte[] stripped() {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      json.putArray(EVENTS).addAll(strippedState);
      return MatrixJson.write(json);
    }

    /// What it takes on the disk.
    public int bytes() {
      return event.canonicalBytes().length + stripped().length;
    }
  }

  /// How much there is.
  public record Size(long rows, long bytes) {}

  /// The first of these events, as many as a row holds.
  public static List<ObjectNode> fitting(List<ObjectNode> strippedState) {
    List<ObjectNode> fitting = new ArrayList<>();
    int bytes = 0;
    for (ObjectNode each : strippedState) {
      bytes += MatrixJson.write(each).length + 1;
      if (bytes > MOST_STRIPPED_BYTES) {
        return fitting;
      }
      fitting.add(each);
    }
    return fitting;
  }

  /// The changes that put a row in the place of the one there was, at the unit's first position.
  public static List<RowChange> put(Row row) {
    List<RowChange> changes = new ArrayList<>();
    RoomId room = row.event().roomId();
    changes.add(gone(room, row.user()));
    byte[] stripped = row.stripped();
    changes.add(
        RowChange.of(
            RoomTables.OUTSIDE,
            INSERT,
            (statement, first) -> {
              statement.setString(1, row.user().value());
              statement.setString(2, room.value());
              statement.setLong(3, first.value());
              statement.setInt(4, MembershipCode.of(row.membership()));
              statement.setString(5, row.event().version().id());
              statement.setString(6, row.via().value());
              statement.setString(7, row.event().eventId().value());
              statement.setBytes(8, row.event().canonicalBytes());
              statement.setBytes(9, stripped);
              statement.setInt(10, row.event().canonicalBytes().length + stripped.length);
            }));
    if (isOver(row.membership())) {
      changes.add(
          RowChange.of(
              RoomTables.OUTSIDE,
              DELETE_OLD,
              (statement, _) -> {
                statement.setString(1, row.user().value());
                statement.setString(2, row.user().value());
              }));
    }
    return changes;
  }

  /// Whether the user no longer waits for anything.
  public static boolean isOver(Membership membership) {
    return switch (membership) {
      case LEAVE, BAN -> true;
      case INVITE, KNOCK, JOIN -> false;
    };
  }

  /// Deletes what there is.
  public static RowChange gone(RoomId room, UserId user) {
    return delete(DELETE, room, user);
  }

  /// Deletes what is over.
  public static RowChange forgotten(RoomId room, UserId user) {
    return delete(DELETE_OVER, room, user);
  }

  private static RowChange delete(String sql, RoomId room, UserId user) {
    return RowChange.of(
        RoomTables.OUTSIDE,
        sql,
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setString(2, room.value());
        });
  }

  /// What there is of a user and a room, whatever the room's own tables say.
  public static Optional<OutsideRoom> find(ReadPool reads, RoomId room, UserId user) {
    return reads.first(
        ONE,
        statement -> {
          statement.setString(1, user.value());
          statement.setString(2, room.value());
        },
        OutsideRows::restore);
  }

  /// What the log told of at positions of a range, and what holds still, in order.
  public static List<OutsideRoom> told(
      ReadPool reads, LogPosition after, LogPosition upTo, int limit) {
    return reads.select(
        TOLD,
        statement -> {
          statement.setLong(1, after.value());
          statement.setLong(2, upTo.value());
          statement.setInt(3, limit);
        },
        OutsideRows::restore);
  }

  /// Whose memberships of a room are here.
  public static List<UserId> users(ReadPool reads, RoomId room) {
    return reads.select(
        OF_ROOM,
        statement -> statement.setString(1, room.value()),
        row -> UserId.parse(row.getString(1)));
  }

  /// How much of a user waits.
  public static Size sizeOf(ReadPool reads, UserId user) {
    return reads
        .first(
            SIZE_OF_USER,
            statement -> statement.setString(1, user.value()),
            row -> new Size(row.getLong(1), row.getLong(2)))
        .orElse(new Size(0, 0));
  }

  /// How many rooms a user waits for through servers of one [ServerName#site].
  public static int ofSite(ReadPool reads, UserId user, String site) {
    return reads
        .select(
            OF_USER_BY_VIA,
            statement -> statement.setString(1, user.value()),
            row -> ServerName.parse(row.getString(1)).site().equals(site) ? row.getInt(2) : 0)
        .stream()
        .mapToInt(Integer::intValue)
        .sum();
  }

  /// How much of all users waits; reads all rows.
  public static Size sizeOfAll(ReadPool reads) {
    return reads
        .first(SIZE_OF_ALL, _ -> {}, row -> new Size(row.getLong(1), row.getLong(2)))
        .orElse(new Size(0, 0));
  }

  private static OutsideRoom restore(ResultSet row) throws SQLException {
    String room = row.getString(1);
    String version = row.getString(5);
    RoomVersion known =
        RoomVersions.of(version)
            .orElseThrow(() ->
                new StorageException(
                    StorageException.Reason.BAD_QUERY,
                    "%s has the room version %s".formatted(room, version)));
    return new OutsideRoom(
        new RoomMembership(
            RoomId.parse(room),
            UserId.parse(row.getString(2)),
            MembershipCode.membership(row.getInt(4)),
            new LogPosition(row.getLong(3)),
            false),
        Pdu.restore(EventId.parse(row.getString(7)), row.getBytes(8), known),
        stripped(row.getBytes(9)),
        ServerName.parse(row.getString(6)));
  }

  private static List<ObjectNode> stripped(byte[] stored) {
    List<ObjectNode> events = new ArrayList<>();
    for (JsonNode each : MatrixJson.restoreObject(stored).path(EVENTS)) {
      if (each instanceof ObjectNode event) {
        events.add(event);
      }
    }
    return events;
  }
}
