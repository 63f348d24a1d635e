package org.hearth.server.matrix.auth;

import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;

/// The state that an event is judged against.
///
/// It is asked only for the keys that [AuthEventSelection] names for the event, for the create
/// event and, for a restricted join, for the authorising user's membership. In version 12 it must
/// know the create event although no event cites it.
@FunctionalInterface
public interface AuthState {
  /// The event that holds a key.
  Optional<Pdu> get(StateKey key);

  /// A state held in a map, which must not change meanwhile.
  static AuthState of(Map<StateKey, Pdu> events) {
    return key -> Optional.ofNullable(events.get(key));
  }
}
