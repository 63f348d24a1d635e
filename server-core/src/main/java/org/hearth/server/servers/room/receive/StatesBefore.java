package org.hearth.server.servers.room.receive;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.StateSnapshot;

/// Finds the states before events of others.
///
/// **thread**: the shard's; for one command.
final class StatesBefore {
  private final RoomHistory history;
  private final StateResolver resolver;

  StatesBefore(RoomHistory history, StateResolver resolver) {
    this.history = history;
    this.resolver = resolver;
  }

  /// The state after events that have places: before one that follows them.
  StateSnapshot stateAfter(List<EventId> previous) {
    if (previous.isEmpty()) {
      return StateSnapshot.EMPTY;
    }
    List<Long> states = new ArrayList<>();
    for (EventId id : previous) {
      GraphEvent known = history.find(id);
      if (known == null) {
        throw new IllegalStateException(id + " was found before");
      }
      states.add(known.stateAfter());
    }
    return resolver.resolve(states);
  }

  /// A state that a peer has given. What is no state, was rejected, or is of another room is left
  /// out; of two events for one key the later in the list counts.
  StateSnapshot stateOf(List<EventId> ids) {
    TreeMap<Integer, Optional<EventRef>> changes = new TreeMap<>();
    long room = history.view().info().number();
    StateSnapshot base = history.view().state();
    for (EventId id : ids) {
      GraphEvent known = history.find(id);
      if (known != null && known.room() == room && !known.standing().isRejected()) {
        known
            .event()
            .stateKeyPair()
            .ifPresent(
                key -> changes.put(history.decision().keyNumber(key), Optional.of(known.ref())));
      }
    }
    for (int key = 0; key < base.keyLimit(); key++) {
      EventRef held = base.get(key);
      Optional<EventRef> now = changes.get(key);
      if (held != null && now == null) {
        changes.put(key, Optional.empty());
      } else if (now != null && EventRef.same(held, now.orElse(null))) {
        changes.remove(key);
      }
    }
    return resolver.made(base, changes);
  }

  /// The state before an event that has a place: as a peer has given it, where events before it are
  /// missing.
  StateSnapshot stateBeforeNow(GraphEvent known) {
    List<EventId> previous = known.event().prevEvents();
    boolean allHere =
        previous.stream()
            .map(history::find)
            .allMatch(each -> each != null && each.standing().isPlaced());
    return allHere ? stateAfter(previous) : history.state(known.stateBefore());
  }
}
