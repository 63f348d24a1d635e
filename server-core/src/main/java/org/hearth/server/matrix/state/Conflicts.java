package org.hearth.server.matrix.state;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.event.StateKey;

/// Several states, split into what all agree on and what not.
///
/// "If a given key K is present in every Si with the same value V in each state map, then the pair
/// (K, V) belongs to the unconflicted state map. Otherwise, V belongs to the conflicted state set."
///
/// @param unconflicted the unconflicted state map
/// @param conflicted for each state, in order, its events of the conflicted state set
record Conflicts(Map<StateKey, Long> unconflicted, List<Set<Long>> conflicted) {

  static Conflicts in(List<Map<StateKey, Long>> states) {
    Map<StateKey, Long> unconflicted = new HashMap<>(states.getFirst());
    for (Map<StateKey, Long> state : states.subList(1, states.size())) {
      unconflicted
          .entrySet()
          .removeIf(entry -> !entry.getValue().equals(state.get(entry.getKey())));
    }
    List<Set<Long>> conflicted = new ArrayList<>();
    for (Map<StateKey, Long> state : states) {
      Set<Long> own = new HashSet<>();
      state.forEach((key, event) -> {
        if (!unconflicted.containsKey(key)) {
          own.add(event);
        }
      });
      conflicted.add(own);
    }
    return new Conflicts(unconflicted, conflicted);
  }
}
