package org.hearth.server.readers.events;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.RoomOutput.EventAdded;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// The newest events of all rooms, as many as a budget of bytes holds: what nearly every
/// incremental sync asks for, answered without the database.
///
/// Above its [floor][#floor()] it knows every event of every room; below it nothing. An event that
/// was redacted since, or that replaced other state, is remembered by its place only and read where
/// it is asked for, since the log's entry does not say all of it.
///
/// **Thread:** the reader of room-output writes; anyone reads.
public final class RecentEvents {
  /// What an event takes beside itself: the nodes of the maps.
  private static final int OVERHEAD_BYTES = 500;

  /// One event held.
  ///
  /// @param event null if it must be read
  private record Held(LogPosition position, RoomId room, @Nullable RoomEvent event) {}

  /// What the reader knows of a held event in order to let it go.
  private record Place(LogPosition position, RoomId room, EventId id, long bytes) {}

  private final ConcurrentMap<RoomId, ConcurrentSkipListMap<LogPosition, Held>> rooms =
      new ConcurrentHashMap<>();
  private final Deque<Place> oldestFirst = new ArrayDeque<>();
  private final Map<EventId, Place> byId = new HashMap<>();
  private final RoomQueries queries;
  private final long budgetBytes;
  private long heldBytes;
  private volatile LogPosition floor;

  /// @param start from where on the reader is told of events
  public RecentEvents(RoomQueries queries, long budgetBytes, LogPosition start) {
    this.queries = queries;
    this.budgetBytes = budgetBytes;
    this.floor = start;
  }

  /// The position after which every event is here.
  LogPosition floor() {
    return floor;
  }

  public void add(LogPosition position, EventAdded entry) {
    RoomId room = entry.room();
    boolean complete = entry.replaces() == null;
    @Nullable RoomEvent event =
        complete ? new RoomEvent(position, entry.event(), null, entry.transaction(), null) : null;
    long bytes = OVERHEAD_BYTES + (complete ? entry.event().memoryBytes() : 0L);
    Place place = new Place(position, room, entry.event().eventId(), bytes);
    rooms
        .computeIfAbsent(room, _ -> new ConcurrentSkipListMap<>())
        .put(position, new Held(position, room, event));
    oldestFirst.addLast(place);
    byId.put(place.id(), place);
    heldBytes += bytes;
    if (entry.redacts() != null) {
      forgetContent(entry.redacts());
    }
    while (heldBytes > budgetBytes && oldestFirst.size() > 1) {
      letGo(oldestFirst.removeFirst());
    }
  }

  /// Forgets everything up to that position: for when an entry there could not be taken in.
  public void forgetUpTo(LogPosition position) {
    while (!oldestFirst.isEmpty() && !oldestFirst.getFirst().position().isAfter(position)) {
      letGo(oldestFirst.removeFirst());
    }
    if (position.isAfter(floor)) {
      floor = position;
    }
  }

  /// An event that has been redacted, or that replaced other state: it is read where it is asked
  /// for.
  public void forgetContent(EventId id) {
    @Nullable Place place = byId.get(id);
    @Nullable NavigableMap<LogPosition, Held> tail = place == null ? null : rooms.get(place.room());
    if (place != null && tail != null) {
      tail.put(place.position(), new Held(place.position(), place.room(), null));
    }
  }

  private void letGo(Place place) {
    // The floor first: who reads the tail afterwards and misses the event finds the floor above it.
    floor = place.position();
    heldBytes -= place.bytes();
    byId.remove(place.id());
    @Nullable NavigableMap<LogPosition, Held> tail = rooms.get(place.room());
    if (tail != null) {
      tail.remove(place.position());
      if (tail.isEmpty()) {
        rooms.remove(place.room());
      }
    }
  }

  /// Whether all events after that position are here.
  public boolean hasAllAfter(LogPosition position) {
    return !floor.isAfter(position);
  }

  /// Whether the room has an event in the range; empty if that is not known here.
  ///
  /// @param after exclusive
  /// @param upTo inclusive
  public Optional<Boolean> anyIn(RoomId room, LogPosition after, LogPosition upTo) {
    @Nullable ConcurrentSkipListMap<LogPosition, Held> tail = rooms.get(room);
    @Nullable LogPosition next = tail == null ? null : tail.higherKey(after);
    boolean any = next != null && !next.isAfter(upTo);
    return floor.isAfter(after) ? Optional.empty() : Optional.of(any);
  }

  /// The newest events of the range, newest first; empty if not all of the range is here.
  ///
  /// @param upTo inclusive
  /// @param after exclusive
  public Optional<List<RoomEvent>> backwards(
      RoomId room, LogPosition upTo, LogPosition after, int limit) {
    if (floor.isAfter(after)) {
      return Optional.empty();
    }
    List<Held> held = new ArrayList<>();
    @Nullable ConcurrentSkipListMap<LogPosition, Held> tail = rooms.get(room);
    if (tail != null && upTo.isAfter(after)) {
      for (Held each : tail.subMap(after, false, upTo, true).descendingMap().values()) {
        if (held.size() == limit) {
          break;
        }
        held.add(each);
      }
    }
    if (floor.isAfter(after)) {
      return Optional.empty();
    }
    List<RoomEvent> events = new ArrayList<>(held.size());
    for (Held each : held) {
      Optional<RoomEvent> event =
          each.event() == null ? queries.eventAt(each.position()) : Optional.of(each.event());
      event.ifPresent(events::add);
    }
    return Optional.of(events);
  }
}
