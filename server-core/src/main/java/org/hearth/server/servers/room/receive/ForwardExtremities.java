package org.hearth.server.servers.room.receive;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
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

  /// Of a row of hidden events, each of which follows the one before it, so many are. An extremity
  /// that is before more of them stays one until an event of ours follows it.
  static final int MOST_STEPS = 100;

  private final RoomHistory history;
  private final StateResolver resolver;
  private final Map<EventId, GraphEvent> extremities = new LinkedHashMap<>();

  /// Those that have come by this command and follow none that was there before it; the newest is
  /// the last.
  private final SequencedSet<EventId> branches = new LinkedHashSet<>();

  private @Nullable StateSnapshot state;
  private boolean changed;

  ForwardExtremities(RoomHistory history, StateResolver resolver) {
    this.history = history;
    this.resolver = resolver;
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
  void add(GraphEvent event, boolean followed) {
    changed = true;
    state = null;
    Set<EventId> before = Set.copyOf(extremities.keySet());
    removeFollowed(event);
    if (!followed) {
      EventId id = event.event().eventId();
      extremities.put(id, event);
      boolean followsOne =
          before.stream().anyMatch(each -> !extremities.containsKey(each) && isOld(each));
      if (!before.isEmpty() && !followsOne) {
        branches.add(id);
      }
    }
  }

  /// A join was accepted by which users of this server come back to a room that all of them had
  /// left. The room has gone on without us: what we knew to be last is long past.
  ///
  /// @param followed as of [#add]
  /// @param unheard what was last here and has not been heard of there
  void comeBack(GraphEvent join, boolean followed, Set<EventId> unheard) {
    extremities.keySet().retainAll(unheard);
    branches.clear();
    branches.addAll(extremities.keySet());
    add(join, followed);
    branches.remove(join.event().eventId());
  }

  private boolean isOld(EventId id) {
    return !branches.contains(id);
  }

  /// Gives up extremities that are too many: the newest branches. What only they have changed is no
  /// part of the current state until an event follows them and one of the others.
  ///
  /// It is never one of those that were there, or what follows these: a server may make branches of
  /// long ago as it likes, as deep as it likes, and nothing that the room has decided since, such
  /// as a ban, may be undone by their number.
  void prune() {
    while (extremities.size() > MOST && !branches.isEmpty()) {
      if (extremities.remove(branches.removeLast()) != null) {
        changed = true;
        state = null;
      }
    }
  }

  /// What an event follows is no extremity; and neither is what it follows through events that are
  /// not shown, which never were any. Each step back looks them up at once.
  private void removeFollowed(GraphEvent event) {
    List<EventId> open = event.event().prevEvents();
    Set<EventId> seen = new HashSet<>(open);
    for (int step = 0; step <= MOST_STEPS && seen.size() <= MOST_HIDDEN; step++) {
      List<EventId> others =
          open.stream().filter(each -> extremities.remove(each) == null).toList();
      if (others.isEmpty()) {
        return;
      }
      List<EventId> next = new ArrayList<>();
      for (GraphEvent each : history.find(others)) {
        if (each.standing().isPlaced() && each.standing() != Standing.ACCEPTED) {
          each.event().prevEvents().stream().filter(seen::add).forEach(next::add);
        }
      }
      open = next;
    }
  }
}
