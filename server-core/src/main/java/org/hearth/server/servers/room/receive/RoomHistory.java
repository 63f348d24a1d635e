package org.hearth.server.servers.room.receive;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.shard.ShardMemory;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateHash;
import org.hearth.server.servers.room.state.StateRows;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.servers.room.state.Wants;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// All that one room has been, for one decision about it: what the decision itself adds, what is
/// decided and under way, and what is committed, in this order.
///
/// **thread**: the shard's; for one command.
final class RoomHistory {
  private static final String BY_HASH =
      "SELECT snapshot FROM room_state WHERE room_nid = ? AND content_hash = ?";

  private final RoomMemory memory;
  private final ShardMemory shard;
  private final ReadPool reads;
  private final Deque<Decision> underWay;
  private final Decision decision;
  private final Map<EventId, Optional<GraphEvent>> committed;

  /// What events are wanted for by what is committed; not to be changed.
  private final Map<EventId, Wants> wanted;

  private final Map<Long, StateSnapshot> loaded = new HashMap<>();

  /// @param underWay decisions about the room that may not be committed, oldest first
  /// @param decision the one that is being made
  RoomHistory(
      RoomMemory memory,
      ShardMemory shard,
      ReadPool reads,
      Deque<Decision> underWay,
      Decision decision) {
    this(memory, shard, reads, underWay, decision, new HashMap<>(), new HashMap<>());
  }

  private RoomHistory(
      RoomMemory memory,
      ShardMemory shard,
      ReadPool reads,
      Deque<Decision> underWay,
      Decision decision,
      Map<EventId, Optional<GraphEvent>> committed,
      Map<EventId, Wants> wanted) {
    this.committed = committed;
    this.wanted = wanted;
    this.memory = memory;
    this.shard = shard;
    this.reads = reads;
    this.underWay = underWay;
    this.decision = decision;
  }

  /// The same history for a decision that is not to be.
  RoomHistory tried(Decision trial) {
    return new RoomHistory(memory, shard.scratch(), reads, underWay, trial, committed, wanted);
  }

  Decision decision() {
    return decision;
  }

  RoomView view() {
    return decision.view();
  }

  ShardMemory shard() {
    return shard;
  }

  /// The event of that id, of whatever room.
  @Nullable GraphEvent find(EventId id) {
    GraphEvent decided = decided(id);
    return decided != null
        ? decided
        : committed
            .computeIfAbsent(
                id, _ -> memory.events().position(id).map(memory.events()::get).map(GraphEvent::of))
            .orElse(null);
  }

  /// The event of that id, of whatever room, if it may not be committed.
  private @Nullable GraphEvent decided(EventId id) {
    GraphEvent known = decision.known(id);
    return known != null ? known : newestUnderWay(each -> each.known(id));
  }

  /// What the newest of the decisions under way says that says anything.
  private <T> @Nullable T newestUnderWay(Function<Decision, @Nullable T> said) {
    for (var newestFirst = underWay.descendingIterator(); newestFirst.hasNext(); ) {
      T found = said.apply(newestFirst.next());
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  /// The events of those ids that are here, of whatever room, looked up at once.
  List<GraphEvent> find(Collection<EventId> ids) {
    List<EventId> unknown =
        ids.stream().filter(each -> !committed.containsKey(each) && decided(each) == null).toList();
    if (!unknown.isEmpty()) {
      lookUp(unknown);
    }
    List<GraphEvent> found = new ArrayList<>();
    for (EventId each : ids) {
      GraphEvent known = find(each);
      if (known != null) {
        found.add(known);
      }
    }
    return found;
  }

  /// Looks up many ids at once, which is what makes a command of many events quick: [#find] asks
  /// the database once for each id that it has not been told of.
  void lookUp(Collection<EventId> ids) {
    Map<EventId, StoredEvents.Stored> found = memory.events().find(ids);
    for (EventId id : ids) {
      committed.put(id, Optional.ofNullable(found.get(id)).map(GraphEvent::of));
    }
  }

  /// What the event is wanted for; not to be changed.
  Wants wants(EventId id) {
    Wants decided = decision.wants(id);
    if (decided == null) {
      decided = newestUnderWay(each -> each.wants(id));
    }
    if (decided != null) {
      return decided;
    }
    Wants known = wanted.get(id);
    if (known == null) {
      lookUpWants(List.of(id));
      known = Objects.requireNonNull(wanted.get(id));
    }
    return known;
  }

  /// What the event is wanted for, which this decision is about to change.
  Wants changedWants(EventId id) {
    Wants changed = decision.wants(id);
    if (changed == null) {
      changed = wants(id).copy();
      decision.keep(id, changed);
    }
    return changed;
  }

  /// Looks up at once what many events are wanted for.
  void lookUpWants(Collection<EventId> ids) {
    Map<EventId, Wants> found =
        decision.isOfNewRoom() ? Map.of() : Wants.load(reads, view().info().number(), ids);
    ids.forEach(id -> wanted.put(id, found.getOrDefault(id, new Wants())));
  }

  /// The event that a reference of this room leads to.
  Pdu event(EventRef ref) {
    Pdu pending = ref.pending();
    return pending != null ? pending : memory.events().get(ref.position()).shown().pdu();
  }

  /// What is kept beside a committed event.
  StoredEvents.Stored stored(long position) {
    return memory.events().get(position);
  }

  /// The event of this room that a reference leads to, with all that is known of it.
  GraphEvent known(EventRef ref) {
    GraphEvent known = find(event(ref).eventId());
    if (known == null) {
      throw new IllegalStateException("an event of " + view().info().id() + " is not found");
    }
    return known;
  }

  /// A forward extremity, which is accepted.
  GraphEvent forwardExtremity(EventRef ref) {
    if (ref.pending() != null) {
      return known(ref);
    }
    GraphEvent known = GraphEvent.of(stored(ref.position()));
    committed.put(known.event().eventId(), Optional.of(known));
    return known;
  }

  /// The state of that number.
  StateSnapshot state(long number) {
    if (number == StateSnapshot.EMPTY.number()) {
      return StateSnapshot.EMPTY;
    }
    if (number == view().state().number()) {
      return view().state();
    }
    StateSnapshot state = decision.state(number);
    if (state == null) {
      state = loaded.get(number);
    }
    if (state == null) {
      state = shard.state(number);
    }
    if (state == null) {
      state = newestUnderWay(each -> each.state(number));
    }
    if (state == null) {
      state = load(number);
    }
    loaded.put(number, state);
    return state;
  }

  private StateSnapshot load(long number) {
    StateRows rows = memory.states().get(number);
    @Nullable EventRef[] events = new EventRef[rows.keyLimit()];
    rows.forEach((key, position) -> events[key] = EventRef.at(position, (Membership) null));
    StateSnapshot bare = StateSnapshot.loaded(number, events, rows.layers(), rows.hash());
    StateSnapshot state = bare.sharing(view().state(), key -> readMembership(bare, key));
    shard.keep(state);
    return state;
  }

  /// A reference to a member event says the membership, so it has to be read.
  private EventRef readMembership(StateSnapshot state, int key) {
    EventRef ref = state.get(key);
    if (ref == null) {
      throw new IllegalStateException("key " + key + " is not set");
    }
    return Members.userOf(view().info().keys().key(key)).isPresent()
        ? EventRef.at(ref.position(), event(ref))
        : ref;
  }

  /// The state with those contents; null when the room never had it.
  @Nullable StateSnapshot state(StateHash hash) {
    if (hash.equals(StateHash.EMPTY)) {
      return StateSnapshot.EMPTY;
    }
    if (hash.equals(view().state().hash())) {
      return view().state();
    }
    StateSnapshot state = decision.state(hash);
    if (state == null) {
      state = newestUnderWay(each -> each.state(hash));
    }
    if (state != null) {
      return state;
    }
    long number = numberOf(hash);
    return number == 0 || shard.isDropped(number) ? null : state(number);
  }

  private long numberOf(StateHash hash) {
    return reads
        .first(
            BY_HASH,
            statement -> {
              statement.setLong(1, view().info().number());
              statement.setBytes(2, hash.bytes());
            },
            row -> row.getLong(1))
        .orElse(0L);
  }

  /// A state as the authorisation rules ask for it.
  AuthState authState(StateSnapshot state) {
    return key -> Optional.ofNullable(get(state, key)).map(this::event);
  }

  @Nullable EventRef get(StateSnapshot state, StateKey key) {
    return state.get(view().info().keys().number(key));
  }

  /// The references to the events of earlier decisions that may have no number yet.
  List<EventRef> underWay() {
    List<EventRef> refs = new ArrayList<>();
    for (Decision each : underWay) {
      if (!each.isSettled()) {
        refs.addAll(each.underWay());
      }
    }
    return refs;
  }
}
