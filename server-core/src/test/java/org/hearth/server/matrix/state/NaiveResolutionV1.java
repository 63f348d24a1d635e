package org.hearth.server.matrix.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;

/// State resolution of version 1, line by line as the specification has it: the oracle for the real
/// one.
final class NaiveResolutionV1 {
  private NaiveResolutionV1() {}

  static Map<StateKey, Pdu> resolve(List<Map<StateKey, Pdu>> states) {
    // "A conflict occurs between states where those states have different event_ids for the same
    // (event_type, state_key)."
    Map<StateKey, Set<Pdu>> all = new HashMap<>();
    states.forEach(state ->
        state.forEach((key, event) -> all.computeIfAbsent(key, _ -> new HashSet<>()).add(event)));

    // "Start by setting R to the union of the states to be resolved, excluding any conflicting
    // events."
    Map<StateKey, Pdu> r = new HashMap<>();
    all.forEach((key, events) -> {
      if (events.size() == 1) {
        r.put(key, events.iterator().next());
      }
    });

    // "First we resolve conflicts between m.room.power_levels events." "Repeat the above process
    // for conflicts between m.room.join_rules events. Repeat the above process for conflicts
    // between m.room.member events."
    for (String type : List.of("m.room.power_levels", "m.room.join_rules", "m.room.member")) {
      Map<StateKey, Pdu> before = Map.copyOf(r);
      all.forEach((key, events) -> {
        if (key.type().equals(type) && events.size() > 1) {
          r.put(key, inTurn(key, events, before));
        }
      });
    }

    // "For all other conflicts, just pick the event with the highest depth and lowest
    // sha1(event_id) that passes authentication in R and add it to R."
    Map<StateKey, Pdu> before = Map.copyOf(r);
    all.forEach((key, events) -> {
      if (!r.containsKey(key)) {
        sorted(events).reversed().stream()
            .filter(each -> isAllowed(each, before))
            .findFirst()
            .ifPresent(each -> r.put(key, each));
      }
    });
    return r;
  }

  private static Pdu inTurn(StateKey key, Set<Pdu> events, Map<StateKey, Pdu> before) {
    Map<StateKey, Pdu> r = new HashMap<>(before);
    // "Sort the list by ascending depth then descending sha1(event_id). Add the first event in the
    // list to R."
    List<Pdu> list = sorted(events);
    r.put(key, list.getFirst());
    // "For each subsequent event in the list, check that the event would be allowed by the
    // authorisation rules for a room in state R. If the event would be allowed, then update R with
    // the event and continue with the next event in the list. If it would not be allowed, stop".
    for (Pdu event : list.subList(1, list.size())) {
      if (!isAllowed(event, r)) {
        break;
      }
      r.put(key, event);
    }
    Pdu last = r.get(key);
    return last == null ? list.getFirst() : last;
  }

  private static List<Pdu> sorted(Set<Pdu> events) {
    List<Pdu> list = new ArrayList<>(events);
    list.sort(
        Comparator.comparingLong(Pdu::depth)
            .thenComparing(NaiveResolutionV1::sha1, Comparator.reverseOrder()));
    return list;
  }

  private static boolean isAllowed(Pdu event, Map<StateKey, Pdu> r) {
    return AuthRules.check(event, AuthState.of(r)).isAllowed();
  }

  private static BigInteger sha1(Pdu event) {
    try {
      byte[] id = event.eventId().value().getBytes(UTF_8);
      return new BigInteger(1, MessageDigest.getInstance("SHA-1").digest(id));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
