package org.hearth.server.servers.room.read;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.servers.room.state.Wants;
import org.hearth.server.store.ReadPool;

/// Walks over the graph of a room's committed events. All are iterative, visit an event once, and
/// end at a limit.
///
/// **bound**: the limit that the caller gives, [#MOST_BYTES], and of events that do not count
/// [#MOST_LOOKED_AT]; an auth chain is as long as the room's auth graph is deep.
///
/// **thread**: any.
final class GraphReads {
  /// About what the events that are found take in memory, beside the last.
  private static final long MOST_BYTES = 4L << 20;

  private static final int MOST_LOOKED_AT = 1_000;

  private static final int MOST_MISSING = 1_000;

  /// Ids that are looked for with one connection.
  private static final int IDS_AT_ONCE = 5_000;

  private final ReadPool reads;
  private final StoredEvents events;

  /// An event that is to be looked at; it is read again then, since many may wait.
  private record Head(long depth, EventId id, long number) {}

  GraphReads(ReadPool reads, StoredEvents events) {
    this.reads = reads;
    this.events = events;
  }

  Optional<StoredEvents.Stored> find(EventId id) {
    return events.position(id).flatMap(events::find);
  }

  /// Those of the events that are not here, in their order.
  Set<EventId> unknown(Collection<EventId> of) {
    Set<EventId> unknown = new LinkedHashSet<>(of);
    List<EventId> all = List.copyOf(unknown);
    for (int i = 0; i < all.size(); i += IDS_AT_ONCE) {
      List<EventId> some = all.subList(i, Math.min(i + IDS_AT_ONCE, all.size()));
      unknown.removeAll(events.positions(some).keySet());
    }
    return unknown;
  }

  /// Events of a room, their auth events, theirs, and so on.
  ///
  /// **bound**: of those that are still to be looked at the ids only are held, as many as the room
  /// has events by which others are authorised.
  void chain(long room, Collection<EventId> from, Consumer<RoomEvent> each) {
    Set<EventId> seen = new HashSet<>();
    Deque<EventId> open = new ArrayDeque<>();
    push(List.copyOf(from), seen, open);
    while (!open.isEmpty()) {
      Optional<StoredEvents.Stored> event = find(open.pop()).filter(found -> found.room() == room);
      if (event.isPresent()) {
        each.accept(event.get().shown());
        push(event.get().shown().pdu().authEvents(), seen, open);
      }
    }
  }

  private static void push(List<EventId> ids, Set<EventId> seen, Deque<EventId> open) {
    ids.stream().filter(seen::add).forEach(open::push);
  }

  /// "A breadth-first walk of the `prev_events` for the `latest_events`, ignoring any events in
  /// `earliest_events` and stopping at the `limit`."
  List<RoomEvent> between(
      long room,
      Collection<EventId> earliest,
      Collection<EventId> latest,
      int limit,
      long minDepth) {
    Set<EventId> seen = new HashSet<>(earliest);
    Deque<EventId> open = new ArrayDeque<>();
    for (EventId id : latest) {
      seen.add(id);
      inRoom(room, id)
          .ifPresent(each ->
              each.shown().pdu().prevEvents().stream().filter(seen::add).forEach(open::addLast));
    }
    List<RoomEvent> found = new ArrayList<>();
    long bytes = 0;
    int looked = 0;
    while (!open.isEmpty()
        && found.size() < limit
        && bytes < MOST_BYTES
        && looked++ < MOST_LOOKED_AT) {
      Optional<StoredEvents.Stored> event = inRoom(room, open.removeFirst());
      if (event.isPresent() && event.get().shown().pdu().depth() >= minDepth) {
        if (!event.get().standing().isRejected()) {
          found.add(event.get().shown());
          bytes += event.get().shown().pdu().memoryBytes();
        }
        event.get().shown().pdu().prevEvents().stream().filter(seen::add).forEach(open::addLast);
      }
    }
    return found;
  }

  /// Events and what was before them, deepest first.
  List<RoomEvent> backfill(long room, Collection<EventId> from, int limit) {
    PriorityQueue<Head> deepestFirst =
        new PriorityQueue<>(
            Comparator.comparingLong(Head::depth).reversed().thenComparing(Head::id));
    Set<EventId> seen = new HashSet<>();
    offer(room, List.copyOf(from), seen, deepestFirst);
    List<RoomEvent> found = new ArrayList<>();
    long bytes = 0;
    while (!deepestFirst.isEmpty() && found.size() < limit && bytes < MOST_BYTES) {
      RoomEvent event = events.get(deepestFirst.poll().number()).shown();
      found.add(event);
      bytes += event.pdu().memoryBytes();
      offer(room, event.pdu().prevEvents(), seen, deepestFirst);
    }
    return found;
  }

  private void offer(long room, List<EventId> ids, Set<EventId> seen, PriorityQueue<Head> queue) {
    for (EventId id : ids) {
      if (seen.add(id)) {
        inRoom(room, id)
            .filter(each -> !each.standing().isRejected())
            .ifPresent(each -> queue.add(new Head(each.shown().pdu().depth(), id, each.number())));
      }
    }
  }

  private Optional<StoredEvents.Stored> inRoom(long room, EventId id) {
    return find(id).filter(each -> each.room() == room && each.standing().isPlaced());
  }

  /// The previous events that are not here, by which the room's history goes on: those that were
  /// last cited, if there are more than [#MOST_MISSING].
  Set<EventId> missing(long room) {
    return Wants.events(reads, room, Wants.Kind.PREVIOUS, MOST_MISSING);
  }
}
