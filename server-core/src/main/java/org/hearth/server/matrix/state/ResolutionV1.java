package org.hearth.server.matrix.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;

/// State resolution of version 1.
///
/// **source**: [state resolution of version
/// 1](https://spec.matrix.org/v1.19/rooms/v1/#state-resolution).
final class ResolutionV1 {
  private final EventSource source;
  private final Map<Long, Pdu> fetched = new HashMap<>();

  /// "Here we use R to refer to the results of the resolution so far."
  private final Map<StateKey, Long> resolved = new HashMap<>();

  /// The conflicting events of each key.
  private final Map<StateKey, Set<Candidate>> conflicts = new LinkedHashMap<>();

  private ResolutionV1(EventSource source) {
    this.source = source;
  }

  /// An event that could hold its key.
  private record Candidate(long number, Pdu event, String sha1) {
    /// "Sort the list by ascending depth then descending sha1(event_id)."
    static final Comparator<Candidate> ORDER =
        Comparator.<Candidate>comparingLong(each -> each.event().depth())
            .thenComparing(Candidate::sha1, Comparator.reverseOrder());
  }

  static Map<StateKey, Long> resolve(List<Map<StateKey, Long>> states, EventSource source) {
    ResolutionV1 resolution = new ResolutionV1(source);
    resolution.split(states);

    // "First we resolve conflicts between m.room.power_levels events." "Repeat the above process
    // for conflicts between m.room.join_rules events. Repeat the above process for conflicts
    // between m.room.member events."
    resolution.resolveInTurn(key -> key.type().equals(EventTypes.POWER_LEVELS));
    resolution.resolveInTurn(key -> key.type().equals(EventTypes.JOIN_RULES));
    resolution.resolveInTurn(key -> key.type().equals(EventTypes.MEMBER));
    resolution.resolveOthers();

    return resolution.resolved;
  }

  /// "Start by setting R to the union of the states to be resolved, excluding any conflicting
  /// events." "A conflict occurs between states where those states have different event_ids for the
  /// same (event_type, state_key)": a key that only some states have is no conflict.
  private void split(List<Map<StateKey, Long>> states) {
    Map<StateKey, Set<Long>> all = new LinkedHashMap<>();
    for (Map<StateKey, Long> state : states) {
      state.forEach((key, number) -> all.computeIfAbsent(key, _ -> new HashSet<>()).add(number));
    }
    all.forEach((key, numbers) -> {
      if (numbers.size() == 1) {
        resolved.put(key, numbers.iterator().next());
      } else {
        Set<Candidate> candidates = new TreeSet<>(Candidate.ORDER);
        numbers.forEach(number -> candidates.add(candidate(number)));
        conflicts.put(key, candidates);
      }
    });
  }

  /// The conflicts of one type. Those of several members do not see each other's outcome, so their
  /// order does not matter.
  private void resolveInTurn(Predicate<StateKey> type) {
    Map<StateKey, Long> outcomes = new HashMap<>();
    conflicts.forEach((key, candidates) -> {
      if (type.test(key)) {
        outcomes.put(key, lastOfAllowedRun(key, candidates).number());
      }
    });
    resolved.putAll(outcomes);
    conflicts.keySet().removeAll(outcomes.keySet());
  }

  /// "Add the first event in the list to R. For each subsequent event in the list, check that the
  /// event would be allowed by the authorisation rules for a room in state R. If the event would be
  /// allowed, then update R with the event and continue with the next event in the list. If it
  /// would not be allowed, stop".
  private Candidate lastOfAllowedRun(StateKey key, Set<Candidate> candidates) {
    Iterator<Candidate> list = candidates.iterator();
    Candidate last = list.next();
    while (list.hasNext()) {
      Candidate next = list.next();
      Candidate holder = last;
      AuthState state =
          asked -> asked.equals(key) ? Optional.of(holder.event()) : inResolved(asked);
      if (!AuthRules.check(next.event(), state).isAllowed()) {
        return last;
      }
      last = next;
    }
    return last;
  }

  /// "No other events affect the authorisation rules, so for all other conflicts, just pick the
  /// event with the highest depth and lowest sha1(event_id) that passes authentication in R and add
  /// it to R."
  private void resolveOthers() {
    AuthState state = this::inResolved;
    Map<StateKey, Long> outcomes = new HashMap<>();
    conflicts.forEach((key, candidates) ->
        List.copyOf(candidates).reversed().stream()
            .filter(each -> AuthRules.check(each.event(), state).isAllowed())
            .findFirst()
            .ifPresent(each -> outcomes.put(key, each.number())));
    resolved.putAll(outcomes);
  }

  private Optional<Pdu> inResolved(StateKey key) {
    return Optional.ofNullable(resolved.get(key)).map(this::event);
  }

  private Candidate candidate(long number) {
    Pdu event = event(number);
    return new Candidate(number, event, sha1(event.eventId().value()));
  }

  private Pdu event(long number) {
    return fetched.computeIfAbsent(number, source::event);
  }

  private static String sha1(String text) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-1").digest(text.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-1", e);
    }
  }
}
