package org.hearth.server.readers.sync.sections;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.sync.events.EventFilter;
import org.hearth.server.readers.sync.events.Timeline;
import org.hearth.server.readers.sync.events.Timelines;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;

/// Finds the state events that a room's part of a sync response has to tell.
///
/// `state` is what leads from the state that the client knows to the one at the **start** of the
/// timeline; the client then applies the timeline. State that changed after the start by an event that is
/// not in the timeline (a filter kept it back, say) is told as well, since the client would never hear of it.
/// `state_after` is what leads to the state at the **end**; the client does not apply the timeline.
///
/// With lazy loading, of the members only those are told whom the client needs for the senders of the
/// timeline and the room's name, and those who changed out of its sight.
///
/// **Thread:** any. **Source:** [syncing][sync].
///
/// [sync]: https://spec.matrix.org/v1.19/client-server-api/#syncing
public final class StateChanges {
  private final RoomQueries rooms;
  private final SentMembers sent;

  public StateChanges(RoomQueries rooms, SentMembers sent) {
    this.rooms = rooms;
    this.sent = sent;
  }

  /// A room's part of a response.
  ///
  /// @param upTo the end of the timeline
  /// @param known the position as of which the client knows the state; empty if it knows nothing
  /// @param heroes whose names make the room's name
  /// @param token the position of the response's token
  record Part(
      RoomId room,
      LogPosition upTo,
      Optional<LogPosition> known,
      Timeline timeline,
      Collection<UserId> heroes,
      LogPosition token) {
    LogPosition target(SyncRequest request) {
      return request.stateAfter() ? upTo : timeline.start();
    }
  }

  /// The state events to tell, by position.
  List<RoomEvent> events(SyncRequest request, Part part) {
    EventFilter filter = request.filter().room().state();
    if (!filter.admitsRoom(part.room())) {
      return List.of();
    }
    Map<StateKey, RoomEvent> told = new LinkedHashMap<>();
    if (part.known().isEmpty()) {
      all(request, part, told);
    } else {
      changed(request, part, part.known().get(), told);
    }
    if (!request.stateAfter() && part.timeline().stateAside()) {
      aside(part, told);
    }
    List<RoomEvent> events =
        told.values().stream()
            .filter(each -> Timelines.admits(filter, each))
            .sorted(Comparator.comparing(RoomEvent::position))
            .toList();
    if (request.filter().room().lazyLoadMembers()) {
      remember(request, part, events);
    }
    return events;
  }

  private void all(SyncRequest request, Part part, Map<StateKey, RoomEvent> told) {
    // A room of another server begins here with an event before which there is a state already.
    Optional<RoomState> state =
        rooms
            .stateAt(part.room(), part.target(request))
            .or(() -> part.timeline().events().stream().findFirst().map(rooms::stateBefore));
    if (state.isEmpty()) {
      return;
    }
    if (!request.filter().room().lazyLoadMembers()) {
      put(told, state.get().events());
      return;
    }
    List<StateKey> keys = new ArrayList<>();
    for (StateKey each : state.get().keys()) {
      if (!each.type().equals(EventTypes.MEMBER)) {
        keys.add(each);
      }
    }
    // "Servers MUST include the syncing user's own membership event when they join a room, or when
    // the full state of rooms is requested."
    Set<String> members = needed(request, part);
    members.add(request.user().value());
    part.heroes().forEach(each -> members.add(each.value()));
    members.forEach(each -> keys.add(StateKey.member(each)));
    put(told, state.get().events(keys));
    // "When a sync is limited, the server MUST return membership events for events in the gap":
    // what the client may know of the members is as of its token.
    request
        .since(part.room())
        .ifPresent(since ->
            put(
                told,
                changes(part.room(), since, part.target(request)).stream()
                    .filter(each -> each.pdu().isMember())
                    .toList()));
  }

  private void changed(
      SyncRequest request, Part part, LogPosition known, Map<StateKey, RoomEvent> told) {
    Timeline timeline = part.timeline();
    boolean anything = timeline.stateAside() || (request.stateAfter() && timeline.hasState());
    if (anything) {
      put(told, changes(part.room(), known, part.target(request)));
    }
    if (request.filter().room().lazyLoadMembers()) {
      Set<String> members = needed(request, part);
      part.heroes().forEach(each -> members.add(each.value()));
      for (String each : members) {
        if (!told.containsKey(StateKey.member(each))) {
          unlessRedundant(request, part, known, each).ifPresent(event -> put(told, List.of(event)));
        }
      }
    }
  }

  /// What changed after the start of the timeline by events that are not in it.
  private void aside(Part part, Map<StateKey, RoomEvent> told) {
    Set<LogPosition> shown = new HashSet<>();
    part.timeline().events().forEach(each -> shown.add(each.position()));
    List<RoomEvent> changed = changes(part.room(), part.timeline().start(), part.upTo());
    put(told, changed.stream().filter(each -> !shown.contains(each.position())).toList());
  }

  /// What leads from one state to another; a state from before the room is one without events.
  private List<RoomEvent> changes(RoomId room, LogPosition from, LogPosition to) {
    Optional<RoomState> earlier = rooms.stateAt(room, from);
    Optional<RoomState> later = rooms.stateAt(room, to);
    return later
        .map(state -> earlier.map(state::changedSince).orElseGet(state::events))
        .orElse(List.of());
  }

  /// The users whose member events the timeline needs, but for those it brings along in time.
  private static Set<String> needed(SyncRequest request, Part part) {
    Set<String> needed = new LinkedHashSet<>();
    Set<String> brought = new HashSet<>();
    for (RoomEvent each : part.timeline().events()) {
      boolean member = each.pdu().isMember();
      if (member && request.stateAfter()) {
        needed.add(each.pdu().stateKey().orElseThrow());
      } else if (member) {
        brought.add(each.pdu().stateKey().orElseThrow());
      }
      if (!brought.contains(each.sender().value())) {
        needed.add(each.sender().value());
      }
    }
    return needed;
  }

  private Optional<RoomEvent> unlessRedundant(
      SyncRequest request, Part part, LogPosition known, String member) {
    Optional<RoomMembership> membership =
        rooms.membershipAt(part.room(), UserId.parse(member), part.target(request));
    if (membership.isEmpty()) {
      return Optional.empty();
    }
    LogPosition position = membership.get().position();
    boolean redundant =
        !request.filter().room().includeRedundantMembers()
            && sent.has(request.client(), part.room(), member, position, known);
    return redundant ? Optional.empty() : rooms.eventAt(position);
  }

  private void remember(SyncRequest request, Part part, List<RoomEvent> state) {
    for (RoomEvent each : part.timeline().events()) {
      if (each.pdu().isMember() && !request.stateAfter()) {
        sent.add(request.client(), each, part.token());
      }
    }
    for (RoomEvent each : state) {
      if (each.pdu().isMember()) {
        sent.add(request.client(), each, part.token());
      }
    }
  }

  private static void put(Map<StateKey, RoomEvent> told, Collection<RoomEvent> events) {
    events.forEach(each -> told.put(each.pdu().stateKeyPair().orElseThrow(), each));
  }
}
