package org.hearth.server.matrix.state;

import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;

/// Steps 2 and 4 of the algorithm: the state that a list of events makes.
final class IterativeAuthChecks {
  private IterativeAuthChecks() {}

  /// "The iterative auth checks algorithm takes as input an initial room state and a sorted list of
  /// state events, and constructs a new room state by iterating through the event list and applying
  /// the state event to the room state if the state event is allowed by the authorisation rules. If
  /// the state event is not allowed by the authorisation rules, then the event is ignored."
  ///
  /// @param state the initial room state, which becomes the new one
  static void apply(int[] sorted, Map<StateKey, Long> state, ChainWalks walks, RoomEvents events) {
    for (int index : sorted) {
      Pdu event = events.event(index);
      Optional<StateKey> key = event.stateKeyPair();
      if (key.isPresent() && AuthRules.check(event, stateFor(index, state, events)).isAllowed()) {
        state.put(key.get(), walks.number(index));
      }
    }
  }

  /// "If a (event_type, state_key) key that is required for checking the authorisation rules is not
  /// present in the state, then the appropriate state event from the event's auth_events is used if
  /// the auth event is not rejected."
  private static AuthState stateFor(int index, Map<StateKey, Long> state, RoomEvents events) {
    return key -> {
      Long holder = state.get(key);
      return holder == null
          ? events.acceptedAuthEvent(index, key)
          : Optional.of(events.event(holder.longValue()));
    };
  }
}
