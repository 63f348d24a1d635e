package org.hearth.server.servers.room.read;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomActivity;
import org.hearth.server.servers.room.RoomAlert;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// Which rooms there are, and what is to be looked at about them.
///
/// **thread**: any.
final class RoomList {
  private static final String AFTER =
      "SELECT room_id FROM room WHERE room_id > ? ORDER BY room_id FETCH FIRST ? ROWS ONLY";
  private static final String ALERTS =
      "SELECT r.room_id, a.raised, a.text FROM room_alert a JOIN room r ON r.room_nid = a.room_nid"
          + " ORDER BY a.raised DESC FETCH FIRST ? ROWS ONLY";

  /// Left to itself, Derby may read all rooms for it.
  private static final String ACTIVITY =
      """
      SELECT r.room_id, r.first_position, r.last_position FROM --DERBY-PROPERTIES joinOrder=FIXED
       room_member m --DERBY-PROPERTIES constraint=room_member_pk
       JOIN room r ON r.room_nid = m.room_nid WHERE m.user_id = ?\
      """;

  private static final String COUNT = "SELECT COUNT(*) FROM room";

  private final ReadPool reads;

  RoomList(ReadPool reads) {
    this.reads = reads;
  }

  List<RoomId> ids(@Nullable RoomId after, int limit) {
    return reads.select(
        AFTER,
        statement -> {
          statement.setString(1, after == null ? "" : after.value());
          statement.setInt(2, limit);
        },
        row -> RoomId.parse(row.getString(1)));
  }

  long count() {
    return reads.select(COUNT, row -> row.getLong(1)).getFirst();
  }

  /// As [org.hearth.server.servers.room.RoomQueries#activity].
  List<RoomActivity> activity(UserId user) {
    // A damaged row costs its room only.
    return reads
        .select(
            ACTIVITY,
            statement -> statement.setString(1, user.value()),
            row -> {
              LogPosition first = new LogPosition(row.getLong(2));
              LogPosition last = new LogPosition(row.getLong(3));
              return Identifiers.read(RoomId::parse, row.getString(1))
                  .map(room -> new RoomActivity(room, first, last));
            })
        .stream()
        .flatMap(Optional::stream)
        .toList();
  }

  List<RoomAlert> alerts(int limit) {
    return reads.select(
        ALERTS,
        statement -> statement.setInt(1, limit),
        row ->
            new RoomAlert(
                RoomId.parse(row.getString(1)),
                Instant.ofEpochMilli(row.getLong(2)),
                row.getString(3)));
  }
}
