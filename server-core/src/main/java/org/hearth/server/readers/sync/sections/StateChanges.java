package org.hearth.server.readers.sync.sections;

import java.util.HashMap;
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
import org.hearth.server.readers.events.EventBatches;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.Timeline;
import org.hearth.server.readers.events.Timelines;
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
public final class StateChanges implements StateTelling {
  private final RoomQueries rooms;
  private final SentMembers sent;

  public StateChanges(RoomQueries rooms, SentMembers sent) {
    this.rooms = rooms;
    this.sent = sent;
  }

  @Override
  public List<LogPosition> changes(SyncRequest request, Part part) {
    EventFilter filter = request.filter().room().state();
    if (!filter.admitsRoom(part.room())) {
      return List.of();
    }
    Map<StateKey, LogPosition> told = new LinkedHashMap<>();
    States states = new States(part.room());
    if (part.known().isEmpty()) {
      all(request, part, states, told);
    } else {
      changed(request, part, states, told);
    }
    if (!request.stateAfter() && part.timeline().stateAside()) {
      aside(part, states, told);
    }
    told.keySet().removeIf(key -> !filter.admitsType(key.type()));
    List<LogPosition> positions = admitted(filter, told.values().stream().sorted().toList());
    if (request.filter().room().lazyLoadMembers()) {
      remember(request, part, told, new HashSet<>(positions));
    }
    return positions;
  }

  private List<LogPosition> admitted(EventFilter filter, List<LogPosition> positions) {
    if (filter.admitsAllOfTypes()) {
      return positions;
    }
    return EventBatches.read(rooms, positions)
        .filter(each -> Timelines.admits(filter, each))
        .map(RoomEvent::position)
        .toList();
  }

  private void all(SyncRequest request, Part part, States states, Map<StateKey, LogPosition> told) {
    // A room of another server begins here with an event before which there is a state already.
    Optional<RoomState> found =
        states
            .at(part.target(request))
            .or(() -> part.timeline().events().stream().findFirst().map(rooms::stateBefore));
    if (found.isEmpty()) {
      return;
    }
    told.putAll(found.get().positions());
    if (!request.filter().room().lazyLoadMembers()) {
      return;
    }
    // "Servers MUST include the syncing user's own membership event when they join a room, or when
    // the full state of rooms is requested."
    Set<String> members = needed(request, part);
    members.add(request.user().value());
    part.heroes().forEach(each -> members.add(each.value()));
    told.keySet().removeIf(key -> isMember(key) && !members.contains(key.stateKey()));
    // "When a sync is limited, the server MUST return membership events for events in the gap":
    // what the client may know of the members is as of its token.
    request
        .since(part.room())
        .ifPresent(since ->
            states
                .changes(since, part.target(request))
                .forEach((key, position) -> {
                  if (isMember(key)) {
                    told.put(key, position);
                  }
                }));
  }

  private static boolean isMember(StateKey key) {
    return key.type().equals(EventTypes.MEMBER);
  }

  private void changed(
      SyncRequest request, Part part, States states, Map<StateKey, LogPosition> told) {
    LogPosition known = part.known().orElseThrow();
    Timeline timeline = part.timeline();
    boolean anything = timeline.stateAside() || (request.stateAfter() && timeline.hasState());
    if (anything) {
      told.putAll(states.changes(known, part.target(request)));
    }
    if (request.filter().room().lazyLoadMembers()) {
      Set<String> members = needed(request, part);
      part.heroes().forEach(each -> members.add(each.value()));
      for (String each : members) {
        StateKey key = StateKey.member(each);
        if (!told.containsKey(key)) {
          unlessRedundant(request, part, known, each)
              .ifPresent(position -> told.put(key, position));
        }
      }
    }
  }

  /// What changed after the start of the timeline by events that are not in it.
  private static void aside(Part part, States states, Map<StateKey, LogPosition> told) {
    Set<LogPosition> shown = new HashSet<>();
    part.timeline().events().forEach(each -> shown.add(each.position()));
    states
        .changes(part.timeline().start(), part.upTo())
        .forEach((key, position) -> {
          if (!shown.contains(position)) {
            told.put(key, position);
          }
        });
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

  private Optional<LogPosition> unlessRedundant(
      SyncRequest request, Part part, LogPosition known, String member) {
    return rooms
        .membershipAt(part.room(), UserId.parse(member), part.target(request))
        .map(RoomMembership::position)
        .filter(position ->
            request.filter().room().includeRedundantMembers()
                || !sent.has(request.client(), part.room(), member, position, known));
  }

  private void remember(
      SyncRequest request, Part part, Map<StateKey, LogPosition> told, Set<LogPosition> admitted) {
    if (!request.stateAfter()) {
      for (RoomEvent each : part.timeline().events()) {
        if (each.pdu().isMember()) {
          String member = each.pdu().stateKey().orElseThrow();
          sent.add(request.client(), part.room(), member, each.position(), part.token());
        }
      }
    }
    told.forEach((key, position) -> {
      if (isMember(key) && admitted.contains(position)) {
        sent.add(request.client(), part.room(), key.stateKey(), position, part.token());
      }
    });
  }

  /// The states of a room, each looked up once.
  private final class States {
    private final RoomId room;
    private final Map<LogPosition, Optional<RoomState>> found = new HashMap<>();

    States(RoomId room) {
      this.room = room;
    }

    Optional<RoomState> at(LogPosition position) {
      return found.computeIfAbsent(position, each -> rooms.stateAt(room, each));
    }

    /// What leads from one state to another; a state from before the room is one without events.
    Map<StateKey, LogPosition> changes(LogPosition from, LogPosition to) {
      return at(to)
          .map(state -> at(from).map(state::changedSince).orElseGet(state::positions))
          .orElse(Map.of());
    }
  }
}
