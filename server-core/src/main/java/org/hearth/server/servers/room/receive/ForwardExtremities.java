package org.hearth.server.servers.room.receive;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.jspecify.annotations.Nullable;

/// The forward extremities of a room while events come in, and the current state, which is what
/// they resolve to.
///
/// **thread**: the shard's; for one command.
final class ForwardExtremities {
  /// More are not kept, so that an event of ours can follow them all.
  static final int MOST = PduFormat.MAX_PREV_EVENTS;

  /// So many hidden events are looked through for what they follow.
  private static final int MOST_HIDDEN = 1_000;

  private final RoomHistory history;
  private final StateResolver resolver;
  private final boolean weAreOut;
  private final Map<EventId, GraphEvent> extremities = new LinkedHashMap<>();
  private @Nullable StateSnapshot state;
  private boolean changed;

  /// @param weAreOut whether nobody of this server is in the room, so that it has gone on without
  ///   us
  ForwardExtremities(RoomHistory history, StateResolver resolver, boolean weAreOut) {
    this.history = history;
    this.resolver = resolver;
    this.weAreOut = weAreOut;
    for (EventRef each : history.view().extremities()) {
      GraphEvent known = history.forwardExtremity(each);
      extremities.put(known.event().eventId(), known);
    }
    this.state = history.view().state();
  }

  /// The current state.
  StateSnapshot state() {
    StateSnapshot known = state;
    if (known == null) {
      known =
          extremities.isEmpty()
              ? StateSnapshot.EMPTY
              : resolver.resolve(
                  extremities.values().stream().map(GraphEvent::stateAfter).toList());
      state = known;
    }
    return known;
  }

  boolean haveChanged() {
    return changed;
  }

  int count() {
    return extremities.size();
  }

  List<EventRef> refs() {
    return extremities.values().stream().map(GraphEvent::ref).toList();
  }

  /// The extremities, shallowest first.
  List<GraphEvent> shallowestFirst() {
    return extremities.values().stream()
        .sorted(
            Comparator.<GraphEvent>comparingLong(each -> each.event().depth())
                .thenComparing(each -> each.event().eventId()))
        .toList();
  }

  long depth() {
    return extremities.values().stream().mapToLong(each -> each.event().depth()).max().orElse(0);
  }

  /// An event was accepted.
  ///
  /// @param followed whether an event that is here follows it already
  /// @param withState whether its state was given, because what is before it is not known
  void add(GraphEvent event, boolean followed, boolean withState) {
    changed = true;
    state = null;
    if (withState && weAreOut) {
      // The room has gone on without us; what we knew to be last is long past.
      extremities.clear();
    }
    removeFollowed(event);
    if (!followed) {
      extremities.put(event.event().eventId(), event);
    }
  }

  /// Gives up the shallowest extremities that are too many. What they have changed and no other has
  /// is no longer part of the current state.
  void prune() {
    List<GraphEvent> stale = shallowestFirst().subList(0, Math.max(0, extremities.size() - MOST));
    if (!stale.isEmpty()) {
      stale.forEach(each -> extremities.remove(each.event().eventId()));
      changed = true;
      state = null;
    }
  }

  /// What an event follows is no extremity; and neither is what it follows through events that are
  /// not shown, which never were any.
  private void removeFollowed(GraphEvent event) {
    Deque<EventId> open = new ArrayDeque<>(event.event().prevEvents());
    Set<EventId> seen = new HashSet<>(open);
    while (!open.isEmpty() && seen.size() <= MOST_HIDDEN) {
      EventId id = open.pop();
      if (extremities.remove(id) != null) {
        continue;
      }
      GraphEvent hidden = history.find(id);
      if (hidden != null
          && hidden.standing().isPlaced()
          && hidden.standing() != Standing.ACCEPTED) {
        hidden.event().prevEvents().stream().filter(seen::add).forEach(open::push);
      }
    }
  }
}
