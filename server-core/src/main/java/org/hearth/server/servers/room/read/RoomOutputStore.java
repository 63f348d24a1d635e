package org.hearth.server.servers.room.read;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputStore;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.OutsideRows;
import org.hearth.server.servers.room.state.Places;
import org.hearth.server.servers.room.state.StateJump;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.StorageException;
import org.jspecify.annotations.Nullable;

/// The entries of room-output, made again from the tables.
///
/// The log tells of an event when it is shown, be it live or as history, and of no other; so of the
/// positions in the tables only those are read here at which an event was put in its place.
///
/// What users are to rooms elsewhere is told as it is now: what came before it is not read again.
///
/// An event that was redacted since is read in its redacted form: a reader that comes late is never
/// given what is no longer to be shown.
public final class RoomOutputStore implements OutputStore<RoomOutput> {
  /// Events by their numbers. What is shown nowhere has no place.
  private static final String NUMBERS =
      "SELECT position, position FROM room_event WHERE position > ? AND position <= ?"
          + " AND place IS NOT NULL ORDER BY position FETCH FIRST ? ROWS ONLY";

  /// Events by the positions at which they were judged once more.
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
    readShown(NUMBERS, after, upTo, limit, entries);
    readShown(PLACED, after, upTo, limit, entries);
    List<Jump> jumps =
        select(
            JUMPS,
            after,
            upTo,
            limit,
            row ->
                new Jump(
                    row.getLong(1),
                    row.getLong(2),
                    RoomId.parse(row.getString(4)),
                    StateJump.unpack(row.getBytes(3))));
    for (OutsideRoom each : OutsideRows.told(reads, after, upTo, limit)) {
      entries.put(each.membership().position().value(), new RoomOutput.OutsideMember(each.event()));
    }
    jumps.forEach(jump -> entries.put(jump.position(), changed(jump)));
    return entries.entrySet().stream()
        .limit(limit)
        .map(each -> new Positioned<>(new LogPosition(each.getKey()), each.getValue()))
        .toList();
  }

  /// Reads the events that got their place at positions of a range: the first `limit` of them.
  ///
  /// @param sql gives positions and the numbers of their events
  private void readShown(
      String sql,
      LogPosition after,
      LogPosition upTo,
      int limit,
      SortedMap<Long, RoomOutput> entries) {
    LogPosition from = after;
    int found = 0;
    while (found < limit) {
      List<Placed> placed =
          select(sql, from, upTo, limit, row -> new Placed(row.getLong(1), row.getLong(2)));
      List<StoredEvents.Stored> page = events.get(placed.stream().map(Placed::number).toList());
      for (int i = 0; i < page.size() && found < limit; i++) {
        long position = placed.get(i).position();
        Optional<RoomOutput> entry = entry(page.get(i), position);
        if (entry.isPresent()) {
          entries.put(position, entry.get());
          found++;
        }
      }
      if (placed.size() < limit) {
        return;
      }
      from = new LogPosition(placed.getLast().position());
    }
  }

  /// Where the event of a number got its place.
  private record Placed(long position, long number) {}

  /// A StateChanged entry as it is stored.
  private record Jump(long position, long number, RoomId room, List<StateJump> changes) {}

  private <T> List<T> select(
      String sql, LogPosition after, LogPosition upTo, int limit, ReadPool.Row<T> row) {
    return reads.select(
        sql,
        statement -> {
          statement.setLong(1, after.value());
          statement.setLong(2, upTo.value());
          statement.setInt(3, limit);
        },
        row);
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
    return reads
        .first(
            KEY,
            statement -> {
              statement.setLong(1, room);
              statement.setInt(2, number);
            },
            row -> new StateKey(row.getString(1), row.getString(2)))
        .orElseThrow(() ->
            new StorageException(
                StorageException.Reason.BAD_QUERY,
                "room %d has no state key %d".formatted(room, number)));
  }

  /// What the log told of an event at a position; empty when the event was shown nowhere then.
  private Optional<RoomOutput> entry(StoredEvents.Stored stored, long position) {
    Pdu event = stored.shown().pdu();
    long place = stored.shown().place();
    if (place == position) {
      return Optional.of(added(stored));
    }
    return place == Places.history(event.depth(), position)
        ? Optional.of(new RoomOutput.EventStored(event, RoomOutput.Standing.HISTORY))
        : Optional.empty();
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
        pdu.redacts().filter(_ -> tookEffect(stored)).orElse(null),
        stored.sentOn() ? pdu.sender().server() : null);
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
    return reads
        .first(REDACTED_BY, statement -> statement.setLong(1, target), row -> row.getLong(1))
        .orElse(0L);
  }
}
