package org.hearth.server.servers.room.read;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputStore;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Places;
import org.hearth.server.servers.room.state.StateJump;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.StorageException;
import org.jspecify.annotations.Nullable;

/// The entries of room-output, made again from the tables.
///
/// An event that was redacted since is read in its redacted form: a reader that comes late is never
/// given what is no longer to be shown.
public final class RoomOutputStore implements OutputStore<RoomOutput> {
  private static final String POSITIONS =
      "SELECT position FROM room_event WHERE position > ? AND position <= ?"
          + " ORDER BY position FETCH FIRST ? ROWS ONLY";
  private static final String PLACED =
      "SELECT position, event FROM room_placed WHERE position > ? AND position <= ?"
          + " ORDER BY position FETCH FIRST ? ROWS ONLY";
  private static final String JUMPS =
      "SELECT c.position, c.room_nid, c.changes, r.room_id FROM room_current c JOIN room r"
          + " ON r.room_nid = c.room_nid WHERE c.position > ? AND c.position <= ?"
          + " AND c.changes IS NOT NULL ORDER BY c.position FETCH FIRST ? ROWS ONLY";
  private static final String KEY =
      "SELECT type, state_key FROM room_state_key WHERE room_nid = ? AND key_nid = ?";
  private static final String REDACTED_BY = "SELECT redacted_by FROM room_event WHERE position = ?";

  private final ReadPool reads;
  private final StoredEvents events;

  public RoomOutputStore(ReadPool reads, StoredEvents events) {
    this.reads = reads;
    this.events = events;
  }

  @Override
  public List<Positioned<RoomOutput>> read(LogPosition after, LogPosition upTo, int limit) {
    TreeMap<Long, RoomOutput> entries = new TreeMap<>();
    List<Long> positions = new ArrayList<>();
    read(POSITIONS, after, upTo, limit, rows -> positions.add(rows.getLong(1)));
    for (StoredEvents.Stored event : events.get(positions)) {
      entries.put(event.number(), entry(event));
    }
    Map<Long, Long> placed = new HashMap<>();
    read(PLACED, after, upTo, limit, rows -> placed.put(rows.getLong(1), rows.getLong(2)));
    placed.forEach((position, number) -> {
      StoredEvents.Stored event = events.get(number);
      boolean isLive = event.shown().place() == position;
      entries.put(position, isLive ? added(event) : stored(event));
    });
    Map<Long, Jump> jumps = new HashMap<>();
    read(
        JUMPS,
        after,
        upTo,
        limit,
        rows ->
            jumps.put(
                rows.getLong(1),
                new Jump(
                    rows.getLong(2),
                    RoomId.parse(rows.getString(4)),
                    StateJump.unpack(rows.getBytes(3)))));
    jumps.forEach((position, jump) -> entries.put(position, changed(jump)));
    return entries.entrySet().stream()
        .limit(limit)
        .map(each -> new Positioned<>(new LogPosition(each.getKey()), each.getValue()))
        .toList();
  }

  /// A StateChanged entry as it is stored.
  private record Jump(long number, RoomId room, List<StateJump> changes) {}

  @FunctionalInterface
  private interface Row {
    void take(ResultSet rows) throws SQLException;
  }

  private void read(String sql, LogPosition after, LogPosition upTo, int limit, Row row) {
    reads.read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        statement.setLong(1, after.value());
        statement.setLong(2, upTo.value());
        statement.setInt(3, limit);
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            row.take(rows);
          }
        }
      }
      return limit;
    });
  }

  private RoomOutput changed(Jump jump) {
    List<RoomOutput.StateChange> changes = new ArrayList<>();
    for (StateJump each : jump.changes()) {
      changes.add(
          new RoomOutput.StateChange(
              key(jump.number(), each.key()), event(each.now()), event(each.before())));
    }
    return new RoomOutput.StateChanged(jump.room(), changes);
  }

  private @Nullable Pdu event(@Nullable EventRef ref) {
    return ref == null ? null : events.get(ref.position()).shown().pdu();
  }

  private StateKey key(long room, int number) {
    return reads.read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(KEY)) {
        statement.setLong(1, room);
        statement.setInt(2, number);
        try (ResultSet rows = statement.executeQuery()) {
          if (!rows.next()) {
            throw new StorageException(
                StorageException.Reason.BAD_QUERY,
                "room %d has no state key %d".formatted(room, number));
          }
          return new StateKey(rows.getString(1), rows.getString(2));
        }
      }
    });
  }

  private static RoomOutput stored(StoredEvents.Stored event) {
    return new RoomOutput.EventStored(
        event.shown().pdu(),
        switch (event.standing()) {
          case ACCEPTED -> RoomOutput.Standing.HISTORY;
          case SOFT_FAILED -> RoomOutput.Standing.SOFT_FAILED;
          case REJECTED, REJECTED_OUTLIER -> RoomOutput.Standing.REJECTED;
          case OUTLIER -> RoomOutput.Standing.OUTLIER;
        });
  }

  private RoomOutput entry(StoredEvents.Stored stored) {
    long place = stored.shown().place();
    if (place == stored.number()) {
      return added(stored);
    }
    // What became live later was known without a place.
    return Places.isLive(place)
        ? new RoomOutput.EventStored(stored.shown().pdu(), RoomOutput.Standing.OUTLIER)
        : stored(stored);
  }

  private RoomOutput added(StoredEvents.Stored stored) {
    RoomEvent event = stored.shown();
    Pdu pdu = event.pdu();
    LogPosition replaced = event.replaces();
    Pdu replaces = replaced == null ? null : events.get(replaced.value()).shown().pdu();
    Membership previous = null;
    if (pdu.isMember()) {
      previous =
          replaces == null ? Membership.LEAVE : Membership.of(replaces).orElse(Membership.LEAVE);
    }
    return new RoomOutput.EventAdded(
        pdu,
        event.transaction(),
        replaces,
        previous,
        pdu.redacts().filter(_ -> tookEffect(stored)).orElse(null));
  }

  private boolean tookEffect(StoredEvents.Stored redaction) {
    return redaction
        .shown()
        .pdu()
        .redacts()
        .flatMap(events::position)
        .filter(target -> redactedBy(target) == redaction.number())
        .isPresent();
  }

  private long redactedBy(long target) {
    return reads.read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(REDACTED_BY)) {
        statement.setLong(1, target);
        try (ResultSet rows = statement.executeQuery()) {
          return rows.next() ? rows.getLong(1) : 0L;
        }
      }
    });
  }
}
