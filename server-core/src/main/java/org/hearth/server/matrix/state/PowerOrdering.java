package org.hearth.server.matrix.state;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;

/// Step 1 of the algorithm: which events come first, and in which order.
///
/// **thread**: of one resolution only.
final class PowerOrdering {
  private final ChainWalks walks;
  private final RoomEvents events;

  PowerOrdering(ChainWalks walks, RoomEvents events) {
    this.walks = walks;
    this.events = events;
  }

  /// "Select the set X of all power events that appear in the full conflicted set. For each such
  /// power event P, enlarge X by adding the events in the auth chain of P which also belong to the
  /// full conflicted set. Sort X into a list using the reverse topological power ordering."
  ///
  /// The auth chain is followed within the full conflicted set, as the servers do with which we
  /// have to agree. It can leave the set and come back only before version 12, whose conflicted
  /// state subgraph has the way between.
  int[] sort(BitSet fullConflictedSet) {
    BitSet chosen = new BitSet();
    IntStack open = new IntStack();
    fullConflictedSet.stream()
        .filter(this::isPowerEvent)
        .forEach(event -> {
          chosen.set(event);
          open.push(event);
        });
    while (!open.isEmpty()) {
      for (int auth : walks.authEvents(open.pop())) {
        if (fullConflictedSet.get(auth) && !chosen.get(auth)) {
          chosen.set(auth);
          open.push(auth);
        }
      }
    }
    return reverseTopological(chosen);
  }

  /// "A power event is a state event with type m.room.power_levels or m.room.join_rules, or a state
  /// event with type m.room.member where the membership is leave or ban and the sender does not
  /// match the state_key."
  ///
  /// The first two only with the empty state key: no other has any power, and the servers with
  /// which we have to agree see it so.
  private boolean isPowerEvent(int index) {
    if (events.holds(index, RoomEvents.POWER_LEVELS)
        || events.holds(index, RoomEvents.JOIN_RULES)) {
      return true;
    }
    Pdu event = events.event(index);
    if (!event.type().equals(EventTypes.MEMBER)
        || event.stateKey().isEmpty()
        || event.stateKey().get().equals(event.sender().value())) {
      return false;
    }
    return Membership.of(event)
        .filter(each -> each == Membership.LEAVE || each == Membership.BAN)
        .isPresent();
  }

  /// An event that could be next: what decides between them.
  private record Candidate(int index, long senderLevel, long timestamp, EventId id) {
    /// "x < y if x's sender has greater power level than y's sender, when looking at their
    /// respective auth_events; or the senders have the same power level, but x's origin_server_ts
    /// is less than y's origin_server_ts; or these are the same, but x's event_id is less than y's
    /// event_id."
    static final Comparator<Candidate> ORDER =
        Comparator.comparingLong(Candidate::senderLevel)
            .reversed()
            .thenComparingLong(Candidate::timestamp)
            .thenComparing(Candidate::id);
  }

  /// "The reverse topological power ordering can be found by sorting the events using Kahn's
  /// algorithm for topological sorting, and at each step selecting, among all the candidate
  /// vertices, the smallest vertex using the above comparison relation."
  ///
  /// Events that stand on a cycle never become candidates and are left out.
  private int[] reverseTopological(BitSet chosen) {
    Map<Integer, List<Integer>> citing = new HashMap<>();
    Map<Integer, Integer> waitsFor = new HashMap<>();
    PriorityQueue<Candidate> candidates = new PriorityQueue<>(Candidate.ORDER);
    chosen.stream()
        .forEach(event -> {
          int[] needed =
              Arrays.stream(walks.authEvents(event)).filter(chosen::get).distinct().toArray();
          for (int auth : needed) {
            citing.computeIfAbsent(auth, _ -> new ArrayList<>()).add(event);
          }
          waitsFor.put(event, needed.length);
          if (needed.length == 0) {
            candidates.add(candidate(event));
          }
        });

    int[] sorted = new int[chosen.cardinality()];
    int size = 0;
    for (Candidate next = candidates.poll(); next != null; next = candidates.poll()) {
      sorted[size++] = next.index();
      for (int event : citing.getOrDefault(next.index(), List.of())) {
        if (waitsFor.merge(event, -1, Integer::sum) == 0) {
          candidates.add(candidate(event));
        }
      }
    }
    return size == sorted.length ? sorted : Arrays.copyOf(sorted, size);
  }

  private Candidate candidate(int index) {
    Pdu event = events.event(index);
    return new Candidate(index, events.senderLevel(index), event.originServerTs(), event.eventId());
  }
}
