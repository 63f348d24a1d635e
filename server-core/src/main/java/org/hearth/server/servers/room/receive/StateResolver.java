package org.hearth.server.servers.room.receive;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.state.EventSource;
import org.hearth.server.matrix.state.StateResolution;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.state.AuthEdges;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Numbers;
import org.hearth.server.servers.room.state.StateHash;
import org.hearth.server.servers.room.state.StateKeys;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.jspecify.annotations.Nullable;

/// Makes one state of several, and remembers what came of which.
///
/// An event is a number to a resolution: its position, or a negative number while it has none.
///
/// **thread**: the shard's; for one command.
final class StateResolver {
  private final RoomHistory history;
  private final Numbers numbers;

  /// Events of earlier decisions that may have no position yet, in the order in which they get
  /// their positions; the first has the number -1. Empty until something is resolved, which is
  /// seldom.
  private List<EventRef> underWay = List.of();

  /// How many events of this decision have a number, which are those below `underWay`'s.
  private int numbered;

  private final IdentityHashMap<EventRef, Long> unnumbered = new IdentityHashMap<>();
  private final Map<Long, EventRef> refs = new HashMap<>();
  private @Nullable AuthEdges graph;

  StateResolver(RoomHistory history, Numbers numbers) {
    this.history = history;
    this.numbers = numbers;
  }

  private void giveNumber(EventRef ref) {
    long number = -1L - unnumbered.size();
    refs.put(number, ref);
    unnumbered.put(ref, number);
  }

  /// Gives numbers to the events that have no position: those under way, at the first resolution,
  /// and those that the decision has added since the last.
  private void numberUnnumbered() {
    if (unnumbered.isEmpty()) {
      underWay = history.underWay();
      underWay.forEach(this::giveNumber);
    }
    List<EventRef> added = history.decision().underWay();
    added.subList(numbered, added.size()).forEach(this::giveNumber);
    numbered = added.size();
  }

  private AuthEdges graph() {
    AuthEdges loaded = graph;
    if (loaded == null) {
      loaded = history.shard().graph(history.view().info().number());
      graph = loaded;
    }
    return loaded;
  }

  /// The state that states resolve to: the one itself when all are equal.
  ///
  /// @param from numbers of states, at least one; equal ones may repeat
  StateSnapshot resolve(List<Long> from) {
    List<Long> distinct = from.stream().distinct().sorted().toList();
    if (distinct.size() == 1) {
      return history.state(distinct.getFirst());
    }
    Long known = history.shard().resolution(distinct);
    if (known != null) {
      return history.state(known);
    }
    List<StateSnapshot> states = distinct.stream().map(history::state).toList();
    StateSnapshot resolved = resolveStates(states);
    history.shard().keep(distinct, resolved.number());
    return resolved;
  }

  private StateSnapshot resolveStates(List<StateSnapshot> states) {
    numberUnnumbered();
    AuthEdges edgesOfRoom = graph();
    List<Map<StateKey, Long>> sets = states.stream().map(this::numbered).toList();
    int edges = edgesOfRoom.size();
    Map<StateKey, Long> resolved =
        StateResolution.resolve(history.view().info().version(), sets, new Source());
    if (edgesOfRoom.size() != edges) {
      history.shard().grown(history.view().info().number(), edgesOfRoom);
    }
    StateSnapshot base =
        states.stream().max(Comparator.comparingInt(StateSnapshot::size)).orElseThrow();
    return patch(base, resolved);
  }

  private StateSnapshot patch(StateSnapshot base, Map<StateKey, Long> resolved) {
    StateKeys keys = history.view().info().keys();
    TreeMap<Integer, Optional<EventRef>> changes = new TreeMap<>();
    resolved.forEach((key, number) -> {
      int index = keys.number(key);
      EventRef held = base.get(index);
      if (held == null || numberOf(held) != number) {
        changes.put(index, Optional.of(refOf(number)));
      }
    });
    for (int index = 0; index < Math.min(base.keyLimit(), keys.size()); index++) {
      if (base.get(index) != null && !resolved.containsKey(keys.key(index))) {
        changes.put(index, Optional.empty());
      }
    }
    return made(base, changes);
  }

  /// A state with some keys changed: the one with these contents if the room ever had it, else a
  /// new one.
  StateSnapshot made(StateSnapshot base, NavigableMap<Integer, Optional<EventRef>> changes) {
    if (changes.isEmpty()) {
      return base;
    }
    StateHash hash = base.hash();
    for (Map.Entry<Integer, Optional<EventRef>> change : changes.entrySet()) {
      int key = change.getKey();
      EventRef before = base.get(key);
      if (before != null) {
        hash = hash.minus(key, history.event(before).eventId());
      }
      if (change.getValue().isPresent()) {
        hash = hash.plus(key, history.event(change.getValue().get()).eventId());
      }
    }
    StateSnapshot same = history.state(hash);
    if (same != null) {
      return same;
    }
    StateSnapshot made = base.patched(numbers.nextState(), changes, hash);
    history.decision().addState(made);
    history.shard().keep(made);
    return made;
  }

  private Map<StateKey, Long> numbered(StateSnapshot state) {
    StateKeys keys = history.view().info().keys();
    Map<StateKey, Long> numbered = HashMap.newHashMap(state.size());
    for (int key = 0; key < Math.min(state.keyLimit(), keys.size()); key++) {
      EventRef ref = state.get(key);
      if (ref != null) {
        numbered.put(keys.key(key), numberOf(ref));
      }
    }
    return numbered;
  }

  private long numberOf(EventRef ref) {
    Long temporary = unnumbered.get(ref);
    if (temporary != null) {
      return temporary;
    }
    long position = ref.position();
    // The commit may have come in between: then another reference has the same event's number.
    int index = indexUnderWay(position);
    if (index >= 0) {
      return -1L - index;
    }
    refs.putIfAbsent(position, ref);
    return position;
  }

  /// Which of the events under way has that position; negative when none has. They get their
  /// positions in their order, so those that have none yet are the last.
  private int indexUnderWay(long position) {
    int low = 0;
    int high = underWay.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      EventRef ref = underWay.get(middle);
      long at = ref.isAssigned() ? ref.position() : Long.MAX_VALUE;
      if (at == position) {
        return middle;
      }
      if (at < position) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  private EventRef refOf(long number) {
    EventRef ref = refs.get(number);
    if (ref == null) {
      // An event of the auth difference, which none of the states has.
      ref = EventRef.at(number, history.stored(number).shown().pdu());
      refs.put(number, ref);
    }
    return ref;
  }

  private GraphEvent known(EventId id) {
    GraphEvent known = history.find(id);
    if (known == null) {
      throw new IllegalStateException("auth event %s is not stored".formatted(id));
    }
    return known;
  }

  private final class Source implements EventSource {
    @Override
    public long[] authEvents(long event) {
      long[] kept = event < 0 ? null : graph().of(event);
      if (kept != null) {
        return kept;
      }
      Pdu pdu = event(event);
      long[] edges = edges(pdu);
      boolean settled = event >= 0 && Arrays.stream(edges).allMatch(each -> each >= 0);
      if (settled && edges.length == pdu.authEvents().size()) {
        graph().put(event, edges);
      }
      return edges;
    }

    /// Auth events that are not here are those of rejected events.
    private long[] edges(Pdu event) {
      long[] edges = new long[event.authEvents().size()];
      int count = 0;
      for (EventId id : event.authEvents()) {
        GraphEvent auth = history.find(id);
        if (auth != null) {
          edges[count++] = numberOf(auth.ref());
        }
      }
      return Arrays.copyOf(edges, count);
    }

    @Override
    public Pdu event(long event) {
      return history.event(refOf(event));
    }

    @Override
    public boolean isRejected(long event) {
      return known(event(event).eventId()).standing().isRejected();
    }

    @Override
    public Pdu createEvent() {
      // Asked for since version 12 only, where the room's id is that of its create event.
      return known(EventId.parse("$" + history.view().info().id().value().substring(1))).event();
    }
  }
}
