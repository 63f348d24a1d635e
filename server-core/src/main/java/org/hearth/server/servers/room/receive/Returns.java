package org.hearth.server.servers.room.receive;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.logs.RoomInput.ReceiveEvents;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.jspecify.annotations.Nullable;

/// The joins by which users of this server come back to a room that all of them had left, and what
/// of the room's end, as it was here, still counts then.
///
/// **thread**: the shard's; for one command.
final class Returns {
  /// Memberships of a user, each of which authorises the next, that are followed back.
  private static final int MOST_STEPS = 100;

  private final RoomHistory history;
  private final ServerName here;
  private final Set<EventId> joins;

  /// @param weAreOut whether nobody of this server is in the room
  Returns(RoomHistory history, ServerName here, ReceiveEvents command, boolean weAreOut) {
    this.history = history;
    this.here = here;
    this.joins = weAreOut ? joins(command) : Set.of();
  }

  /// What others say of a room in which nobody of this server is brings nobody back.
  private Set<EventId> joins(ReceiveEvents command) {
    return command.events().stream()
        .filter(each -> command.states().containsKey(each.eventId()))
        .filter(Pdu::isMember)
        .filter(Membership::isJoin)
        .filter(each ->
            each.stateKey()
                .flatMap(key -> Identifiers.read(UserId::parse, key))
                .filter(user -> user.isOn(here))
                .isPresent())
        .map(Pdu::eventId)
        .collect(Collectors.toUnmodifiableSet());
  }

  /// Whether there is none.
  boolean isEmpty() {
    return joins.isEmpty();
  }

  boolean contains(EventId event) {
    return joins.contains(event);
  }

  /// Those of the extremities that the server did not know by which they come back.
  ///
  /// Whoever has left and joins again at once, through a server that has not heard of the leave
  /// yet, is given a state in which that user never left. The leave is a branch of the room's
  /// history then, which all others see sooner or later; forgotten here, it would count everywhere
  /// else. A state that knows of it has it, or a membership that it authorises. What others did to
  /// users of this server, they tell the room themselves.
  Set<EventId> unheard(GraphEvent join, Collection<GraphEvent> extremities) {
    StateSnapshot given = history.state(join.stateBefore());
    Set<EventId> unheard = new HashSet<>();
    for (GraphEvent each : extremities) {
      if (isUnheard(history.state(each.stateAfter()), given)) {
        unheard.add(each.event().eventId());
      }
    }
    return unheard;
  }

  private boolean isUnheard(StateSnapshot ours, StateSnapshot given) {
    List<Integer> differing = new ArrayList<>();
    given.forEachDifference(ours, differing::add);
    return differing.stream().anyMatch(key -> isUnheard(key, ours.get(key), given.get(key)));
  }

  private boolean isUnheard(int key, @Nullable EventRef ours, @Nullable EventRef given) {
    if (ours == null || Members.userOf(history.view().info().keys().key(key)).isEmpty()) {
      return false;
    }
    Pdu event = history.event(ours);
    return event.sender().isOn(here) && !leadsTo(given, event);
  }

  private boolean leadsTo(@Nullable EventRef later, Pdu earlier) {
    if (later == null) {
      return false;
    }
    StateKey key = earlier.stateKeyPair().orElseThrow();
    Optional<Pdu> event = Optional.of(history.event(later));
    for (int step = 0; step < MOST_STEPS && event.isPresent(); step++) {
      if (event.get().eventId().equals(earlier.eventId())) {
        return true;
      }
      event =
          history.find(event.get().authEvents()).stream()
              .map(GraphEvent::event)
              .filter(each -> each.stateKeyPair().filter(key::equals).isPresent())
              .findFirst();
    }
    return event.isPresent();
  }
}
