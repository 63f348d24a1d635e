package org.hearth.server.matrix.state;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// The events of one resolution by index, each fetched once.
///
/// **thread**: of one resolution only.
final class RoomEvents {
  static final StateKey CREATE = StateKey.of(EventTypes.CREATE);
  static final StateKey POWER_LEVELS = StateKey.of(EventTypes.POWER_LEVELS);
  static final StateKey JOIN_RULES = StateKey.of(EventTypes.JOIN_RULES);

  private final RoomVersion version;
  private final EventSource source;
  private final ChainWalks walks;
  private final Map<Integer, Pdu> fetched = new HashMap<>();

  RoomEvents(RoomVersion version, EventSource source, ChainWalks walks) {
    this.version = version;
    this.source = source;
    this.walks = walks;
  }

  Pdu event(int index) {
    Pdu known = fetched.get(index);
    if (known == null) {
      known = source.event(walks.number(index));
      fetched.put(index, known);
    }
    return known;
  }

  Pdu event(long number) {
    return event(walks.indexOf(number));
  }

  /// Whether an event holds a key.
  boolean holds(int index, StateKey key) {
    return event(index).isState(key.type(), key.stateKey());
  }

  /// The auth event of an event that holds a key.
  Optional<Pdu> authEvent(int index, StateKey key) {
    for (int auth : walks.authEvents(index)) {
      if (holds(auth, key)) {
        return Optional.of(event(auth));
      }
    }
    return Optional.empty();
  }

  /// As [#authEvent], unless that event was rejected. Since version 12 every event has the create
  /// event, though it cites none.
  Optional<Pdu> acceptedAuthEvent(int index, StateKey key) {
    if (key.equals(CREATE) && version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      return Optional.of(source.createEvent());
    }
    for (int auth : walks.authEvents(index)) {
      if (holds(auth, key) && !source.isRejected(walks.number(auth))) {
        return Optional.of(event(auth));
      }
    }
    return Optional.empty();
  }

  /// The power level of an event's sender, "when looking at their respective `auth_event`s".
  long senderLevel(int index) {
    Optional<Pdu> create =
        version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)
            ? Optional.of(source.createEvent())
            : authEvent(index, CREATE);
    return PowerLevels.of(version, authEvent(index, POWER_LEVELS), create)
        .userLevel(event(index).sender());
  }
}
