package org.hearth.server.servers.room.read;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.servers.room.state.Wants;
import org.hearth.server.store.ReadPool;

/// Walks over the graph of a room's committed events. All are iterative, visit an event once, and
/// end at a limit.
///
/// **bound**: the limit that the caller gives; an auth chain is as long as the room's auth graph is
/// deep.
///
/// **thread**: any.
final class GraphReads {
  private final ReadPool reads;
  private final StoredEvents events;

  GraphReads(ReadPool reads, StoredEvents events) {
    this.reads = reads;
    this.events = events;
  }

  Optional<StoredEvents.Stored> find(EventId id) {
    return events.position(id).flatMap(events::find);
  }

  /// The auth events of events, theirs, and so on; without those asked about.
  List<RoomEvent> authChain(Collection<EventId> of) {
    Set<EventId> seen = new HashSet<>(of);
    Deque<EventId> open = new ArrayDeque<>();
    of.forEach(id -> find(id).ifPresent(each -> push(each.shown().pdu().authEvents(), seen, open)));
    List<RoomEvent> chain = new ArrayList<>();
    while (!open.isEmpty()) {
      Optional<StoredEvents.Stored> event = find(open.pop());
      if (event.isPresent()) {
        chain.add(event.get().shown());
        push(event.get().shown().pdu().authEvents(), seen, open);
      }
    }
    return chain;
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
    while (!open.isEmpty() && found.size() < limit) {
      Optional<StoredEvents.Stored> event = inRoom(room, open.removeFirst());
      if (event.isPresent() && event.get().shown().pdu().depth() >= minDepth) {
        if (!event.get().standing().isRejected()) {
          found.add(event.get().shown());
        }
        event.get().shown().pdu().prevEvents().stream().filter(seen::add).forEach(open::addLast);
      }
    }
    return found;
  }

  /// Events and what was before them, deepest first.
  List<RoomEvent> backfill(long room, Collection<EventId> from, int limit) {
    PriorityQueue<RoomEvent> deepestFirst =
        new PriorityQueue<>(
            Comparator.<RoomEvent>comparingLong(each -> each.pdu().depth())
                .reversed()
                .thenComparing(RoomEvent::id));
    Set<EventId> seen = new HashSet<>();
    offer(room, List.copyOf(from), seen, deepestFirst);
    List<RoomEvent> found = new ArrayList<>();
    while (!deepestFirst.isEmpty() && found.size() < limit) {
      RoomEvent event = deepestFirst.poll();
      found.add(event);
      offer(room, event.pdu().prevEvents(), seen, deepestFirst);
    }
    return found;
  }

  private void offer(
      long room, List<EventId> ids, Set<EventId> seen, PriorityQueue<RoomEvent> queue) {
    for (EventId id : ids) {
      if (seen.add(id)) {
        inRoom(room, id)
            .filter(each -> !each.standing().isRejected())
            .ifPresent(each -> queue.add(each.shown()));
      }
    }
  }

  private Optional<StoredEvents.Stored> inRoom(long room, EventId id) {
    return find(id).filter(each -> each.room() == room && each.standing().isPlaced());
  }

  /// The previous events that are not here, by which the room's history goes on.
  Set<EventId> missing(long room) {
    Wants wants = Wants.load(reads, room);
    Set<EventId> missing = new HashSet<>();
    for (EventId id : wants.events()) {
      if (wants.has(id, Wants.Kind.PREVIOUS)) {
        missing.add(id);
      }
    }
    return missing;
  }
}
