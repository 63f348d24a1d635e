package org.hearth.server.outbound.events;

import java.util.List;
import org.hearth.server.matrix.event.Pdu;

/// What can be said of events without waiting for keys of others.
///
/// @param checked those whose keys are at hand
/// @param later the others, of which nothing is known yet
public record PromptCheck(CheckedEvents checked, List<Pdu> later) {
  /// Copies the list.
  public PromptCheck {
    later = List.copyOf(later);
  }
}
