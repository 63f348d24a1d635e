package org.hearth.server.outbound.events;

import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.outbound.federation.FederationReply;

/// What came of asking a server for the state of a room before an event.
public sealed interface FetchedState {
  /// It has answered. It is what one server says: nothing of it is judged.
  ///
  /// @param state which of the events are the state, each once; without those that were dropped
  /// @param events the state and what authorises it, as far as they have passed the checks
  record Got(List<EventId> state, CheckedEvents events) implements FetchedState {
    /// Copies the list.
    public Got {
      state = List.copyOf(state);
    }
  }

  /// There is no answer that can be used.
  ///
  /// @param reply what there is instead; never an answer
  record NotGot(FederationReply reply) implements FetchedState {}
}
