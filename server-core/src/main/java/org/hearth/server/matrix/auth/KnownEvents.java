package org.hearth.server.matrix.auth;

import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;

/// The events that were judged before and can be cited.
///
/// It must find events of any room: that an auth event is of another room is for the rules to see.
@FunctionalInterface
public interface KnownEvents {
  /// An event that was judged before, empty when it never was.
  Optional<KnownEvent> find(EventId id);

  /// An event and what became of it.
  ///
  /// @param event the event
  /// @param rejected whether it was rejected (not whether it was soft-failed)
  record KnownEvent(Pdu event, boolean rejected) {}
}
