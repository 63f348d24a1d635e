package org.hearth.server.admin;

import java.time.Instant;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.services.staging.PeerRejection;

/// An event that another server has sent and that does not count here.
///
/// @param server that has sent it
/// @param room in which it was to be
/// @param event its id; empty if it is so wrong that it has none
/// @param rule that it breaks
/// @param detail what was expected and what was found; contains what the server wrote
public record RefusedEvent(
    Instant time, String server, String room, String event, String rule, String detail) {
  static RefusedEvent of(PeerRejection rejection) {
    return new RefusedEvent(
        rejection.time(),
        rejection.origin().value(),
        rejection.room().value(),
        rejection.event().map(EventId::value).orElse(""),
        rejection.rule(),
        rejection.detail());
  }
}
