package org.hearth.server.servers.room.receive;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.TreeMap;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.StateSnapshot;

/// Finds the states before events of others.
///
/// **thread**: the shard's; for one command.
final class StatesBefore {
  private static final int MOST = PduFormat.MAX_PREV_EVENTS;

  private final RoomHistory history;
  private final StateResolver resolver;

  StatesBefore(RoomHistory history, StateResolver resolver) {
    this.history = history;
    this.resolver = resolver;
  }

  /// The state after events that have places: before one that follows them. An event of history may
  /// follow more than a thousand, and all their states would be in memory at the same time: of more
  /// than [#MOST] different ones the first are taken.
  StateSnapshot stateAfter(List<EventId> previous) {
    if (previous.isEmpty()) {
      return StateSnapshot.EMPTY;
    }
    SequencedSet<Long> states = new LinkedHashSet<>();
    for (EventId id : previous) {
      GraphEvent known = history.find(id);
      if (known == null) {
        throw new IllegalStateException(id + " was found before");
      }
      if (states.size() < MOST) {
        states.add(known.stateAfter());
      }
    }
    return resolver.resolve(List.copyOf(states));
  }

  /// A state that a peer has given. What is no state, or is of another room, is left out; of two
  /// events for one key the later in the list counts. Of an event that was rejected the peer has
  /// another opinion: "The state used in the checks should be calculated as normal, except not
  /// updating with the rejected event where it is a state event." What it would have replaced is
  /// not told; what the current state has there is the likeliest, and better than nothing: without
  /// power levels most of what follows would be rejected, too.
  StateSnapshot stateOf(List<EventId> ids) {
    TreeMap<Integer, Optional<EventRef>> changes = new TreeMap<>();
    long room = history.view().info().number();
    StateSnapshot base = history.view().state();
    for (EventId id : ids) {
      GraphEvent known = history.find(id);
      Optional<StateKey> pair =
          known == null || known.room() != room ? Optional.empty() : known.event().stateKeyPair();
      if (known == null || pair.isEmpty()) {
        continue;
      }
      int key = history.decision().keyNumber(pair.get());
      EventRef held = base.get(key);
      if (!known.standing().isRejected()) {
        changes.put(key, Optional.of(known.ref()));
      } else if (held != null) {
        changes.putIfAbsent(key, Optional.of(held));
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
