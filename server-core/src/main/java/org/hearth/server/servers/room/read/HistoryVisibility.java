package org.hearth.server.servers.room.read;

import java.util.HashMap;
import java.util.Map;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredEvents;
import org.jspecify.annotations.Nullable;

/// Which events of one room somebody may see. Made for one question, or for one page of events:
/// events with the same state are judged once.
///
/// **source**: [history
/// visibility](https://spec.matrix.org/v1.19/client-server-api/#server-behaviour-5)
///
/// **thread**: one.
final class HistoryVisibility {
  static final String WORLD_READABLE = "world_readable";
  private static final String SHARED = "shared";
  private static final String INVITED = "invited";
  private static final String JOINED = "joined";

  private final Onlooker onlooker;
  private final RoomView room;
  private final RoomMemory memory;
  private final Map<Long, Situation> situations = new HashMap<>();
  private @Nullable LogPosition lastJoin;

  /// What matters of one state.
  ///
  /// @param visibility the history visibility; "By default if no `history_visibility` is set, or if
  ///   the value is not understood, the visibility is assumed to be `shared`"
  /// @param membership the user's
  private record Situation(String visibility, Membership membership) {}

  HistoryVisibility(UserId user, RoomView room, RoomMemory memory) {
    this(new OneUser(user, room, memory), room, memory);
  }

  HistoryVisibility(Onlooker onlooker, RoomView room, RoomMemory memory) {
    this.onlooker = onlooker;
    this.room = room;
    this.memory = memory;
  }

  /// Whether they may see the event.
  boolean maySee(StoredEvents.Stored event) {
    if (!onlooker.isShown(event)) {
      return false;
    }
    if (isAllowed(before(event), event)) {
      return true;
    }
    // "For m.room.history_visibility events themselves, the user should be allowed to see the event
    // if the history_visibility before or after the event would allow them to see it."
    // "Likewise, for the user's own m.room.member events".
    return isJudgedAfterToo(event) && isAllowed(situation(event.stateAfter()), event);
  }

  private boolean isJudgedAfterToo(StoredEvents.Stored event) {
    return event.shown().pdu().isState(EventTypes.HISTORY_VISIBILITY, "")
        || onlooker.isOwnMembership(event.shown().pdu());
  }

  /// What mattered before the event. But for the few events that change it, that is what matters
  /// after it, and so, in a page of history, what matters before its neighbour: of the page only
  /// one state is read, and none when the page ends with the current one.
  private Situation before(StoredEvents.Stored event) {
    if (isJudgedAfterToo(event)) {
      return situation(event.stateBefore());
    }
    Situation known = situations.get(event.stateBefore());
    if (known == null) {
      boolean afterIsCheap =
          situations.containsKey(event.stateAfter()) || event.stateAfter() == room.state().number();
      known = situation(afterIsCheap ? event.stateAfter() : event.stateBefore());
    }
    situations.put(event.stateBefore(), known);
    situations.put(event.stateAfter(), known);
    return known;
  }

  private boolean isAllowed(Situation at, StoredEvents.Stored event) {
    // "1. If the history_visibility was set to world_readable, allow."
    if (at.visibility().equals(WORLD_READABLE)) {
      return true;
    }
    // "2. If the user's membership was join, allow."
    if (at.membership() == Membership.JOIN) {
      return true;
    }
    // "3. If history_visibility was set to shared, and the user joined the room at any point after
    // the event was sent, allow."
    if (at.visibility().equals(SHARED) && lastJoin().value() > event.shown().place()) {
      return true;
    }
    // "4. If the user's membership was invite, and the history_visibility was set to invited,
    // allow."
    // "5. Otherwise, deny."
    return at.visibility().equals(INVITED) && at.membership() == Membership.INVITE;
  }

  private Situation situation(long snapshot) {
    return situations.computeIfAbsent(snapshot, this::look);
  }

  private Situation look(long snapshot) {
    RoomState state = StoredState.at(room, snapshot, memory);
    String visibility =
        state
            .event(EventTypes.HISTORY_VISIBILITY)
            .map(event -> event.pdu().content().path("history_visibility").asText())
            .filter(value ->
                value.equals(WORLD_READABLE) || value.equals(INVITED) || value.equals(JOINED))
            .orElse(SHARED);
    return new Situation(visibility, onlooker.membership(state));
  }

  private LogPosition lastJoin() {
    LogPosition known = lastJoin;
    if (known == null) {
      known = onlooker.lastJoin();
      lastJoin = known;
    }
    return known;
  }
}
