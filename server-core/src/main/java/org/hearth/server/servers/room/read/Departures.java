package org.hearth.server.servers.room.read;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateJump;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// When the last user of a server was gone from a room: by an event that ended a membership, or
/// because branches of the room's history came together.
///
/// **bound**: events and changes that are looked at as below; a server that has left before more
/// than these is taken for one that never was there. **thread**: any.
final class Departures {
  /// Users of the server whose memberships ended last.
  private static final int MOST_USERS = 100;

  /// Events that one user's membership is followed back for, from a ban to what it was before.
  private static final int MOST_STEPS = 10;

  /// Changes of the current state without an event.
  private static final int MOST_JUMPS = 100;

  private final RoomMemory memory;
  private final Timeline timeline;
  private final CurrentStates currentStates;

  Departures(ReadPool reads, Timeline timeline, RoomMemory memory) {
    this.memory = memory;
    this.timeline = timeline;
    this.currentStates = new CurrentStates(reads);
  }

  /// When the last of them was gone.
  ///
  /// @param at the position before all if none ever was in the room
  /// @param aside whether that was because branches of the room's history came together
  record Departure(LogPosition at, boolean aside) {
    static final Departure NONE = new Departure(LogPosition.ORIGIN, false);
  }

  /// When the last of them was gone.
  ///
  /// @param server which is not in the room
  /// @param keys of its users' memberships
  Departure last(RoomView room, ServerName server, List<StateKey> keys) {
    long byEvent = lastByEvent(room, keys);
    long aside = lastAside(room, server, byEvent);
    return new Departure(new LogPosition(Math.max(byEvent, aside)), aside > byEvent);
  }

  private long lastByEvent(RoomView room, List<StateKey> keys) {
    List<StateKey> newestFirst =
        keys.stream()
            .filter(each -> room.current(each) != null)
            .sorted(Comparator.comparingLong((StateKey each) -> position(room, each)).reversed())
            .limit(MOST_USERS)
            .toList();
    long last = 0;
    for (StateKey each : newestFirst) {
      if (position(room, each) < last) {
        return last;
      }
      last = Math.max(last, endOfMembership(room, each));
    }
    return last;
  }

  private static long position(RoomView room, StateKey key) {
    EventRef event = room.current(key);
    return event == null ? 0 : event.position();
  }

  /// Where a user's last time in the room ended by an event; 0 if it did not.
  private long endOfMembership(RoomView room, StateKey key) {
    Optional<RoomEvent> event = Optional.of(event(position(room, key)));
    for (int step = 0; step < MOST_STEPS && event.isPresent(); step++) {
      RoomEvent now = event.get();
      LogPosition replaced = now.replaces();
      if (replaced == null || !isLive(now)) {
        return 0;
      }
      RoomEvent before = event(replaced.value());
      if (isJoin(before)) {
        // On another branch it may have ended before that.
        event = eventAt(room, key, now.position().value() - 1);
        if (event.filter(Departures::isJoin).isPresent()) {
          return now.position().value();
        }
      } else {
        event = Optional.of(before);
      }
    }
    return 0;
  }

  private RoomEvent event(long number) {
    return memory.events().get(number).shown();
  }

  private Optional<RoomEvent> eventAt(RoomView room, StateKey key, long position) {
    return currentStates
        .snapshotAt(room, position, timeline, memory.events())
        .flatMap(snapshot -> StoredState.at(room, snapshot, memory).event(key));
  }

  private static boolean isLive(RoomEvent event) {
    return event.place() > 0;
  }

  private static boolean isJoin(RoomEvent event) {
    return Membership.isJoin(event.pdu());
  }

  private long lastAside(RoomView room, ServerName server, long after) {
    if (!room.jumpedAfter(new LogPosition(after))) {
      return 0;
    }
    for (CurrentStates.Jumps each : currentStates.jumps(room.info().number(), after, MOST_JUMPS)) {
      if (each.changes().stream().anyMatch(change -> isDeparture(room, server, change))) {
        return each.position();
      }
    }
    return 0;
  }

  private boolean isDeparture(RoomView room, ServerName server, StateJump change) {
    return Members.userOf(room.info().keys().key(change.key()))
            .filter(user -> user.isOn(server))
            .isPresent()
        && isJoin(change.before())
        && !isJoin(change.now());
  }

  private boolean isJoin(@Nullable EventRef event) {
    return event != null && isJoin(event(event.position()));
  }
}
