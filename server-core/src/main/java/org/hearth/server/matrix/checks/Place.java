package org.hearth.server.matrix.checks;

import java.util.Optional;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.KnownEvents;

/// What is around an event that has come: asked for in the order of the checks, and only for what
/// the next check needs.
public interface Place extends KnownEvents {
  /// The state before the event: the resolution of the states after its `prev_events`.
  AuthState stateBefore();

  /// The current state of the room: the resolution of the states after all forward extremities.
  /// Empty for an event that is not new, as of history that is fetched later: "When the homeserver
  /// receives a **new** event over federation it should also check whether the event passes auth
  /// checks based on the current state".
  Optional<AuthState> currentState();
}
