package org.hearth.server.readers.search;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.jspecify.annotations.Nullable;

/// What matters of rooms for the index of their events, as of the entry that the reader is at.
///
/// **Bound:** [#MOST_ROOMS], those that were asked for last; the others are asked for again.
///
/// **Thread:** the reader's.
final class RoomFacts {
  static final int MOST_ROOMS = 10_000;

  private static final StateKey ENCRYPTION = new StateKey(EventTypes.ENCRYPTION, "");
  private static final Set<String> HIDING = Set.of("invited", "joined");

  /// @param encrypted whether the room is encrypted, at the entry or later: then none of its events
  ///   are to be found
  /// @param open whether who joins later, too, may see what is sent now
  private record Facts(boolean encrypted, boolean open) {}

  private final RoomQueries rooms;
  private final Map<RoomId, Facts> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<RoomId, Facts> eldest) {
          return size() > MOST_ROOMS;
        }
      };

  RoomFacts(RoomQueries rooms) {
    this.rooms = rooms;
  }

  /// Whether the room is encrypted: once it was, it is for ever.
  boolean isEncrypted(RoomId room, LogPosition at) {
    return of(room, at).encrypted();
  }

  /// Whether everybody who is in the room, or comes to it later, may see what was sent there.
  boolean isOpen(RoomId room, LogPosition at) {
    return of(room, at).open();
  }

  /// The same of an event that is not the newest.
  boolean wasOpen(RoomEvent event) {
    return isOpen(rooms.stateBefore(event));
  }

  private Facts of(RoomId room, LogPosition at) {
    Facts facts = known.get(room);
    if (facts == null) {
      facts =
          new Facts(
              rooms.currentState(room).flatMap(each -> each.position(ENCRYPTION)).isPresent(),
              rooms.stateAt(room, at).filter(RoomFacts::isOpen).isPresent());
      known.put(room, facts);
    }
    return facts;
  }

  private static boolean isOpen(RoomState state) {
    return isOpen(state.event(EventTypes.HISTORY_VISIBILITY).map(RoomEvent::pdu).orElse(null));
  }

  /// "By default if no `history_visibility` is set, or if the value is not understood, the
  /// visibility is assumed to be `shared`."
  private static boolean isOpen(@Nullable Pdu visibility) {
    return visibility == null
        || !HIDING.contains(visibility.content().path("history_visibility").asText());
  }

  void encrypted(RoomId room) {
    known.put(room, new Facts(true, false));
  }

  /// @param visibility the event that says so from now on; null for none
  void visibility(RoomId room, @Nullable Pdu visibility) {
    known.computeIfPresent(room, (_, facts) -> new Facts(facts.encrypted(), isOpen(visibility)));
  }

  void clear() {
    known.clear();
  }
}
