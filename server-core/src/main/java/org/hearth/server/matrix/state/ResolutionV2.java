package org.hearth.server.matrix.state;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.StateResolutionAlgorithm;

/// State resolution of versions 2 to 11 (v2) and 12 (v2.1).
final class ResolutionV2 {
  private ResolutionV2() {}

  static Map<StateKey, Long> resolve(RoomVersion version, Conflicts conflicts, EventSource source) {
    boolean fromNothing = version.stateResolution() == StateResolutionAlgorithm.V2_1;
    ChainWalks walks = new ChainWalks(source);
    RoomEvents events = new RoomEvents(version, source, walks);
    BitSet fullConflictedSet = fullConflictedSet(conflicts, walks, fromNothing);

    // 1: "Select the set X of all power events that appear in the full conflicted set. [...] Sort X
    // into a list using the reverse topological power ordering."
    int[] powerEvents = new PowerOrdering(walks, events).sort(fullConflictedSet);

    // v2, 2: "Apply the iterative auth checks algorithm, starting from the unconflicted state map,
    // to the list of events from the previous step to get a partially resolved state." v2.1, 2:
    // "[...] starting from an empty state map [...]"
    Map<StateKey, Long> resolved =
        fromNothing ? new HashMap<>() : new HashMap<>(conflicts.unconflicted());
    IterativeAuthChecks.apply(powerEvents, resolved, walks, events);

    // 3: "Take all remaining events that weren't picked in step 1 and order them by the mainline
    // ordering based on the power level in the partially resolved state obtained in step 2."
    BitSet remaining = (BitSet) fullConflictedSet.clone();
    for (int picked : powerEvents) {
      remaining.clear(picked);
    }
    Long powerLevels = resolved.get(RoomEvents.POWER_LEVELS);
    int mainlineStart = powerLevels == null ? -1 : walks.indexOf(powerLevels);
    int[] others = new MainlineOrdering(walks, events, mainlineStart).sort(remaining);

    // 4: "Apply the iterative auth checks algorithm on the partial resolved state and the list of
    // events from the previous step."
    IterativeAuthChecks.apply(others, resolved, walks, events);

    // 5: "Update the result by replacing any event with the event with the same key from the
    // unconflicted state map, if such an event exists, to get the final resolved state."
    resolved.putAll(conflicts.unconflicted());
    return resolved;
  }

  /// v2: "The full conflicted set is the union of the conflicted state set and the auth
  /// difference." v2.1: "The full conflicted set is the union of the conflicted state set, the
  /// conflicted state subgraph, and the auth difference."
  private static BitSet fullConflictedSet(
      Conflicts conflicts, ChainWalks walks, boolean withSubgraph) {
    List<BitSet> others = conflicts.conflicted().stream().map(walks::setOf).toList();
    BitSet conflicted = new BitSet();
    others.forEach(conflicted::or);

    BitSet full = walks.authDifference(walks.setOf(conflicts.unconflicted().values()), others);
    full.or(conflicted);
    if (withSubgraph) {
      full.or(walks.conflictedSubgraph(conflicted));
    }
    return full;
  }
}
