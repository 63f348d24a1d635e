package org.hearth.server.outbound.events;

import org.hearth.server.outbound.federation.FederationReply;

/// What came of asking a server for events.
public sealed interface Fetched {
  /// It has answered.
  ///
  /// @param events those that passed the checks, perhaps none
  record Got(CheckedEvents events) implements Fetched {}

  /// There is no answer that can be used.
  ///
  /// @param reply what there is instead; never an answer
  record NotGot(FederationReply reply) implements Fetched {}
}
