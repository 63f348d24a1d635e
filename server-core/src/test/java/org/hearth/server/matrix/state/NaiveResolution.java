package org.hearth.server.matrix.state;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.hearth.server.matrix.auth.AuthEventSelection;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.StateResolutionAlgorithm;

/// State resolution of versions 2 and later, line by line as the specification has it, with sets of
/// events, recursion and no thought of speed: the oracle for the real one. It shares with that only
/// what judges one event: the authorisation rules and what they read.
///
/// In one place the servers with which we have to agree do not do what versions 2 to 11 say, and so
/// neither do we: they follow auth chains within the full conflicted set only. Since version 12,
/// whose set has all between, that is the same, and here it is done to the letter.
final class NaiveResolution {
  private final RoomVersion version;
  private final Map<EventId, Pdu> events;
  private final Set<Pdu> rejected;
  private final Pdu create;
  private final boolean toTheLetter;

  NaiveResolution(RoomVersion version, Map<EventId, Pdu> events, Set<Pdu> rejected, Pdu create) {
    this.version = version;
    this.events = events;
    this.rejected = rejected;
    this.create = create;
    this.toTheLetter = version.stateResolution() == StateResolutionAlgorithm.V2_1;
  }

  Map<StateKey, Pdu> resolve(List<Map<StateKey, Pdu>> states) {
    Set<Pdu> full = fullConflictedSet(states);

    // 1.
    Set<Pdu> x = new HashSet<>();
    for (Pdu event : full) {
      if (isPowerEvent(event)) {
        x.add(event);
        Set<Pdu> chain = chainWithin(full, event);
        chain.retainAll(full);
        x.addAll(chain);
      }
    }
    List<Pdu> sortedX = reverseTopologicalPowerOrdering(x);

    // 2.
    Map<StateKey, Pdu> state =
        version.stateResolution() == StateResolutionAlgorithm.V2_1
            ? new HashMap<>()
            : unconflicted(states);
    iterativeAuthChecks(state, sortedX);

    // 3.
    Set<Pdu> remaining = new HashSet<>(full);
    remaining.removeAll(x);
    List<Pdu> sortedRemaining =
        mainlineOrdering(
            remaining, Optional.ofNullable(state.get(StateKey.of(EventTypes.POWER_LEVELS))));

    // 4.
    iterativeAuthChecks(state, sortedRemaining);

    // 5.
    state.putAll(unconflicted(states));
    return state;
  }

  private static Map<StateKey, Pdu> unconflicted(List<Map<StateKey, Pdu>> states) {
    Map<StateKey, Pdu> unconflicted = new HashMap<>();
    for (Map<StateKey, Pdu> state : states) {
      state.forEach((key, value) -> {
        if (states.stream().allMatch(each -> value.equals(each.get(key)))) {
          unconflicted.put(key, value);
        }
      });
    }
    return unconflicted;
  }

  Set<Pdu> fullConflictedSet(List<Map<StateKey, Pdu>> states) {
    Map<StateKey, Pdu> unconflicted = unconflicted(states);
    Set<Pdu> conflictedStateSet = new HashSet<>();
    for (Map<StateKey, Pdu> state : states) {
      state.forEach((key, value) -> {
        if (!unconflicted.containsKey(key)) {
          conflictedStateSet.add(value);
        }
      });
    }

    Set<Pdu> union = new HashSet<>();
    List<Set<Pdu>> chains = new ArrayList<>();
    for (Map<StateKey, Pdu> state : states) {
      Set<Pdu> chain = new HashSet<>();
      state.values().forEach(event -> addAuthChain(event, chain));
      chains.add(chain);
      union.addAll(chain);
    }
    Set<Pdu> full = new HashSet<>(conflictedStateSet);
    for (Pdu event : union) {
      if (!chains.stream().allMatch(chain -> chain.contains(event))) {
        full.add(event);
      }
    }
    if (version.stateResolution() == StateResolutionAlgorithm.V2_1) {
      for (Pdu start : conflictedStateSet) {
        addPaths(start, new ArrayList<>(), conflictedStateSet, full);
      }
    }
    return full;
  }

  private void addPaths(Pdu event, List<Pdu> path, Set<Pdu> conflicted, Set<Pdu> subgraph) {
    path.add(event);
    if (conflicted.contains(event)) {
      subgraph.addAll(path);
    }
    for (Pdu auth : authEvents(event)) {
      addPaths(auth, path, conflicted, subgraph);
    }
    path.removeLast();
  }

  private void addAuthChain(Pdu event, Set<Pdu> chain) {
    for (Pdu auth : authEvents(event)) {
      if (chain.add(auth)) {
        addAuthChain(auth, chain);
      }
    }
  }

  /// The auth chain of an event, in versions before 12 only the part that is reached without
  /// leaving some events.
  private Set<Pdu> chainWithin(Set<Pdu> some, Pdu event) {
    Set<Pdu> chain = new HashSet<>();
    if (toTheLetter) {
      addAuthChain(event, chain);
    } else {
      addAuthChainWithin(some, event, chain);
    }
    return chain;
  }

  private void addAuthChainWithin(Set<Pdu> some, Pdu event, Set<Pdu> chain) {
    for (Pdu auth : authEvents(event)) {
      if (some.contains(auth) && chain.add(auth)) {
        addAuthChainWithin(some, auth, chain);
      }
    }
  }

  private static boolean isPowerEvent(Pdu event) {
    String membership = event.content().path("membership").asText();
    return event.type().equals("m.room.power_levels")
        || event.type().equals("m.room.join_rules")
        || (event.type().equals("m.room.member")
            && (membership.equals("leave") || membership.equals("ban"))
            && !event.stateKey().equals(Optional.of(event.sender().value())));
  }

  private List<Pdu> reverseTopologicalPowerOrdering(Set<Pdu> x) {
    Function<Pdu, Long> level =
        event -> {
          Optional<Pdu> ofRoom =
              version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)
                  ? Optional.of(create)
                  : authEvent(event, EventTypes.CREATE);
          return PowerLevels.of(version, authEvent(event, EventTypes.POWER_LEVELS), ofRoom)
              .userLevel(event.sender());
        };
    Comparator<Pdu> smaller =
        Comparator.comparing(level)
            .reversed()
            .thenComparingLong(Pdu::originServerTs)
            .thenComparing(each -> each.eventId().value());
    List<Pdu> sorted = new ArrayList<>();
    Set<Pdu> left = new HashSet<>(x);
    while (!left.isEmpty()) {
      Pdu next =
          left.stream()
              .filter(each -> chainWithin(x, each).stream().noneMatch(left::contains))
              .min(smaller)
              .orElseThrow();
      sorted.add(next);
      left.remove(next);
    }
    return sorted;
  }

  private List<Pdu> mainlineOrdering(Set<Pdu> remaining, Optional<Pdu> powerLevels) {
    List<Pdu> mainline = new ArrayList<>();
    for (Optional<Pdu> p = powerLevels;
        p.isPresent();
        p = authEvent(p.get(), EventTypes.POWER_LEVELS)) {
      mainline.add(p.get());
    }
    Function<Pdu, Double> position =
        event -> {
          for (Optional<Pdu> e = authEvent(event, EventTypes.POWER_LEVELS);
              e.isPresent();
              e = authEvent(e.get(), EventTypes.POWER_LEVELS)) {
            if (mainline.contains(e.get())) {
              return (double) mainline.indexOf(e.get());
            }
          }
          return Double.POSITIVE_INFINITY;
        };
    return remaining.stream()
        .sorted(
            Comparator.comparing(position)
                .reversed()
                .thenComparingLong(Pdu::originServerTs)
                .thenComparing(each -> each.eventId().value()))
        .toList();
  }

  private void iterativeAuthChecks(Map<StateKey, Pdu> state, List<Pdu> sorted) {
    for (Pdu event : sorted) {
      Map<StateKey, Pdu> forEvent = new HashMap<>();
      if (version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
        forEvent.put(StateKey.of(EventTypes.CREATE), create);
      }
      for (Pdu auth : authEvents(event)) {
        if (!rejected.contains(auth)) {
          forEvent.put(auth.stateKeyPair().orElseThrow(), auth);
        }
      }
      for (StateKey key : AuthEventSelection.keysFor(event)) {
        if (state.containsKey(key)) {
          forEvent.put(key, state.get(key));
        }
      }
      if (AuthRules.check(event, AuthState.of(forEvent)).isAllowed()) {
        state.put(event.stateKeyPair().orElseThrow(), event);
      }
    }
  }

  private Optional<Pdu> authEvent(Pdu event, String type) {
    return authEvents(event).stream().filter(each -> each.isState(type, "")).findFirst();
  }

  private List<Pdu> authEvents(Pdu event) {
    return event.authEvents().stream().map(events::get).toList();
  }
}
