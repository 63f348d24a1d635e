package org.hearth.server.matrix.state;

import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;

/// Step 3 of the algorithm: the order of the events that are not power events.
///
/// The way from a power levels event to the mainline is walked once and remembered.
///
/// **thread**: of one resolution only.
final class MainlineOrdering {
  /// "Otherwise set i = ∞, where ∞ is a sentinel value greater than any integer."
  private static final int NOT_ON_MAINLINE = Integer.MAX_VALUE;

  private static final int NO_EVENT = -1;

  private final ChainWalks walks;
  private final RoomEvents events;

  /// Power levels event → the position of the first event of the mainline on the way down from it,
  /// itself included.
  private final Map<Integer, Integer> positions = new HashMap<>();

  /// @param powerLevels the index of "the power level in the partially resolved state", or negative
  MainlineOrdering(ChainWalks walks, RoomEvents events, int powerLevels) {
    this.walks = walks;
    this.events = events;
    // "Let P = P0 be an m.room.power_levels event. Starting with i = 0, repeatedly fetch Pi+1, the
    // m.room.power_levels event in the auth_events of Pi. Increment i and repeat until Pi has no
    // m.room.power_levels event in its auth_events."
    int position = 0;
    for (int event = powerLevels;
        event >= 0 && positions.putIfAbsent(event, position) == null;
        event = powerLevelsOf(event)) {
      position++;
    }
  }

  /// "x < y if the mainline position of x is greater than the mainline position of y; or the
  /// mainline positions of the events are the same, but x's origin_server_ts is less than y's
  /// origin_server_ts; or these are the same, but x's event_id is less than y's event_id."
  private record Placed(int index, int position, long timestamp, EventId id) {
    static final Comparator<Placed> ORDER =
        Comparator.comparingInt(Placed::position)
            .reversed()
            .thenComparingLong(Placed::timestamp)
            .thenComparing(Placed::id);
  }

  /// "The mainline ordering based on P of a set of events is the ordering, from smallest to
  /// largest".
  int[] sort(BitSet remaining) {
    return remaining.stream()
        .mapToObj(index -> {
          Pdu event = events.event(index);
          return new Placed(index, position(index), event.originServerTs(), event.eventId());
        })
        .sorted(Placed.ORDER)
        .mapToInt(Placed::index)
        .toArray();
  }

  /// "Find the smallest index j ≥ 1 for which ej belongs to the mainline of P. If such a j exists,
  /// then ej = Pi for some unique index i ≥ 0." The event itself does not count.
  private int position(int event) {
    IntStack path = new IntStack();
    int position = NOT_ON_MAINLINE;
    for (int at = powerLevelsOf(event); at != NO_EVENT; at = powerLevelsOf(at)) {
      Integer known = positions.get(at);
      if (known != null) {
        position = known;
        break;
      }
      path.push(at);
      // Found again before the walk has ended, it is a cycle that does not meet the mainline.
      positions.put(at, NOT_ON_MAINLINE);
    }
    while (!path.isEmpty()) {
      positions.put(path.pop(), position);
    }
    return position;
  }

  private int powerLevelsOf(int event) {
    for (int auth : walks.authEvents(event)) {
      if (events.holds(auth, RoomEvents.POWER_LEVELS)) {
        return auth;
      }
    }
    return NO_EVENT;
  }
}
