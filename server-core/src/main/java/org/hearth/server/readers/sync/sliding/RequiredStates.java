package org.hearth.server.readers.sync.sliding;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.readers.events.Timeline;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.sync.sections.WindowSection;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;

/// The state that a client wants of one room, as of the end of what it is told.
///
/// **Thread:** one request's, for one room.
final class RequiredStates implements WindowSection.State {
  private final RoomQueries rooms;
  private final Connection connection;
  private final RequiredState wanted;
  private final RequiredState before;
  private final boolean isThere;
  private final List<Step.Member> told;

  /// @param before what was wanted when the room was last told
  /// @param isThere whether the user is in the room
  /// @param told takes the members who are told since the timeline needs them
  RequiredStates(
      RoomQueries rooms,
      Connection connection,
      RequiredState wanted,
      RequiredState before,
      boolean isThere,
      List<Step.Member> told) {
    this.rooms = rooms;
    this.connection = connection;
    this.wanted = wanted;
    this.before = before;
    this.isThere = isThere;
    this.told = told;
  }

  @Override
  public List<LogPosition> changes(SyncRequest request, Part part) {
    Timeline timeline = part.timeline();
    Optional<RoomState> state = state(part);
    if (state.isEmpty()) {
      return List.of();
    }
    Map<StateKey, LogPosition> changes = new HashMap<>();
    if (part.known().isEmpty()) {
      changes.putAll(wanted(state.get(), wanted, _ -> true));
    } else if (timeline.stateAside() || timeline.hasState()) {
      changes.putAll(changed(part, state.get()));
    }
    if (!isThere) {
      // So that the client learns that its user has left, whatever it wants to know of the room.
      StateKey own = StateKey.member(request.user().value());
      state.get().position(own).ifPresent(position -> changes.put(own, position));
    }
    changes.putAll(needed(part, state.get(), changes));
    return changes.values().stream().sorted().toList();
  }

  @Override
  public List<LogPosition> besides(SyncRequest request, Part part) {
    boolean grown = !wanted.equals(before);
    boolean lazily = wanted.lazyMembers() && !part.timeline().events().isEmpty();
    if (!grown && !lazily) {
      return List.of();
    }
    Optional<RoomState> state = state(part);
    if (state.isEmpty()) {
      return List.of();
    }
    Map<StateKey, LogPosition> more = new HashMap<>();
    if (grown) {
      // "If the room has any state that matches the new, but not the old, `required_state` […] then
      // that state is included in the response."
      more.putAll(wanted(state.get(), wanted, key -> !before.wants(key)));
    }
    more.putAll(needed(part, state.get(), more));
    return List.copyOf(more.values());
  }

  /// A room of another server begins here with an event before which there is a state already.
  private Optional<RoomState> state(Part part) {
    return rooms
        .stateAt(part.room(), part.upTo())
        .or(() -> part.timeline().events().stream().findFirst().map(rooms::stateBefore));
  }

  private static Map<StateKey, LogPosition> wanted(
      RoomState state, RequiredState wanted, Predicate<StateKey> also) {
    if (!wanted.isExact()) {
      return state.positions(key -> wanted.wants(key) && also.test(key));
    }
    Map<StateKey, LogPosition> found = new HashMap<>();
    for (StateKey each : wanted.exactly()) {
      if (also.test(each)) {
        state.position(each).ifPresent(position -> found.put(each, position));
      }
    }
    return found;
  }

  private Map<StateKey, LogPosition> changed(Part part, RoomState state) {
    Optional<RoomState> known = rooms.stateAt(part.room(), part.known().orElseThrow());
    Map<StateKey, LogPosition> changed =
        new HashMap<>(known.map(state::changedSince).orElseGet(state::positions));
    // "All membership updates since the last sync when `limited` is false".
    boolean allMembers = wanted.lazyMembers() && !part.timeline().limited();
    changed.keySet().removeIf(key -> !wanted.wants(key) && !(allMembers && isMember(key)));
    return changed;
  }

  private static boolean isMember(StateKey key) {
    return key.type().equals(EventTypes.MEMBER);
  }

  /// "1. All the `senders` of events in `timeline`, excluding membership events that were
  /// previously returned. 2. The target (i.e. `state_key`) of all membership events in `timeline`,
  /// excluding membership events previously returned."
  private Map<StateKey, LogPosition> needed(
      Part part, RoomState state, Map<StateKey, LogPosition> already) {
    if (!wanted.lazyMembers()) {
      return Map.of();
    }
    Set<String> users = new HashSet<>();
    for (RoomEvent each : part.timeline().events()) {
      users.add(each.sender().value());
      if (each.pdu().isMember()) {
        each.pdu().stateKey().ifPresent(users::add);
      }
    }
    Map<StateKey, LogPosition> needed = new HashMap<>();
    for (String each : users) {
      StateKey key = StateKey.member(each);
      Optional<LogPosition> event = state.position(key);
      boolean has =
          event.isEmpty()
              || already.containsKey(key)
              || (part.known().isPresent() && connection.hasMember(part.room(), each, event.get()));
      if (!has) {
        needed.put(key, event.get());
      }
    }
    List<Step.Member> sent = new ArrayList<>();
    needed.forEach((key, event) -> sent.add(new Step.Member(part.room(), key.stateKey(), event)));
    already.forEach((key, event) -> {
      if (isMember(key)) {
        sent.add(new Step.Member(part.room(), key.stateKey(), event));
      }
    });
    told.addAll(sent.subList(0, Math.clamp(Step.MOST_MEMBERS - told.size(), 0, sent.size())));
    return needed;
  }
}
