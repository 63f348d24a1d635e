package org.hearth.server.matrix.state;

import org.hearth.server.matrix.event.Pdu;

/// The events of one room, by number.
///
/// What an implementation throws because it cannot find an event ends the resolution and reaches
/// the caller: a room that cannot be resolved is an error of that room.
public interface EventSource extends AuthGraph {
  /// An event. Asked only for events in conflict, for their auth events and for the mainline.
  Pdu event(long event);

  /// Whether an event was rejected (not whether it was soft-failed).
  boolean isRejected(long event);

  /// The room's create event, which since version 12 no event cites.
  Pdu createEvent();
}
