package org.hearth.server.logs;

import java.util.Set;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.id.EventId;

/// What became of an event of another server.
///
/// **source**: [checks performed on receipt of a
/// PDU](https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu)
public sealed interface EventVerdict {
  /// The rule of an event that the room's policy server does not recommend for the room.
  String POLICY_SERVER = "POLICY_SERVER";

  /// It passed every check and is in the room.
  record Accepted() implements EventVerdict {}

  /// It was there already, and nothing new is known of it.
  record Known() implements EventVerdict {}

  /// It is neither shown to clients nor followed by events of ours. It is stored, unless enough of
  /// the kind is and nothing that counts refers to it.
  ///
  /// @param rule that refused it against the current state, or [#POLICY_SERVER]
  /// @param detail for the operator's log; contains what the sender wrote
  record SoftFailed(String rule, String detail) implements EventVerdict {}

  /// It counts for nothing. It is stored so that it is known, as far as [SoftFailed] is.
  ///
  /// @param rule that refused it
  /// @param detail for the operator's log; contains what the sender wrote
  record Rejected(String rule, String detail) implements EventVerdict {}

  /// It cannot be judged without these; it is not stored.
  ///
  /// @param prevEvents previous events whose state is not known
  /// @param authEvents auth events that are not known
  /// @param stateEvents events of the state given with it that are not known
  record Incomplete(Set<EventId> prevEvents, Set<EventId> authEvents, Set<EventId> stateEvents)
      implements EventVerdict {
    /// Copies the sets.
    public Incomplete {
      prevEvents = Set.copyOf(prevEvents);
      authEvents = Set.copyOf(authEvents);
      stateEvents = Set.copyOf(stateEvents);
    }
  }

  /// It passes the other checks, and the room's policy server has not signed it, which is to be
  /// asked first; it is not stored.
  ///
  /// @param policy of the room as it is now
  record NotSigned(PolicyServer policy) implements EventVerdict {}

  /// It is no event of this room, and not stored.
  ///
  /// @param detail for the operator's log
  record Dropped(String detail) implements EventVerdict {}
}
