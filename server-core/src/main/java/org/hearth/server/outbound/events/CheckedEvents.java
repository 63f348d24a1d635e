package org.hearth.server.outbound.events;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;

/// Events of one room that have passed checks 1 to 3 on receipt, some as redacted copies, and what
/// became of the others.
///
/// @param events in the order in which they came, each once
/// @param signers by event, the servers that have validly signed it, of those that any rule asks
///   for
/// @param dropped what is no event for us
public record CheckedEvents(
    List<Pdu> events, Map<EventId, Set<ServerName>> signers, List<DroppedEvent> dropped) {
  /// Copies the collections.
  public CheckedEvents {
    events = List.copyOf(events);
    signers = Map.copyOf(signers);
    dropped = List.copyOf(dropped);
  }
}
