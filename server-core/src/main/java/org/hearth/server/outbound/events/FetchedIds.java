package org.hearth.server.outbound.events;

import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.outbound.federation.FederationReply;

/// What came of asking a server which events are the state of a room before an event.
public sealed interface FetchedIds {
  /// It has answered.
  ///
  /// @param state each once
  /// @param authChain what authorises them, each once
  record Got(List<EventId> state, List<EventId> authChain) implements FetchedIds {
    /// Copies the lists.
    public Got {
      state = List.copyOf(state);
      authChain = List.copyOf(authChain);
    }
  }

  /// There is no answer that can be used.
  ///
  /// @param reply what there is instead; never an answer
  record NotGot(FederationReply reply) implements FetchedIds {}
}
