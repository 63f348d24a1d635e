package org.hearth.server.writers.federationsend;

import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.id.EventId;

/// What became of events in a turn.
///
/// @param done those of which nothing remains to be done, whatever became of them
/// @param open those that need something that is not here: other events, keys
/// @param settled events that are known to the Room Server now and were not before; others may wait
///   for them
/// @param unavailable whether the open ones are open because this server can do nothing now
record Judged(
    List<StagedPdu> done, List<StagedPdu> open, Set<EventId> settled, boolean unavailable) {
  Judged {
    done = List.copyOf(done);
    open = List.copyOf(open);
    settled = Set.copyOf(settled);
  }
}
