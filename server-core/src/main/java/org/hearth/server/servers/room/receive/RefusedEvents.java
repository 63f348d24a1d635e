package org.hearth.server.servers.room.receive;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.ReceiveEvents;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.state.RefusedCounts;

/// Which events of a command are not stored because the room keeps enough that it has refused.
///
/// What would become of them is tried out first, on a decision that is given up. Then those are
/// stored that count, those for which there is room, and those to which one that counts refers,
/// however many these are: the state before an event must not depend on what else was sent. The
/// others are as if they had never come: should one of them come again, it is judged again. What
/// waits for a policy server's signature is told so, whatever of that which it follows is stored.
///
/// **thread**: the shard's; for one command.
final class RefusedEvents {
  private final ReceiveEvents command;
  private final List<InboundEvent> incoming;
  private final RoomHistory history;
  private final RefusedCounts counts;

  RefusedEvents(
      ReceiveEvents command,
      List<InboundEvent> incoming,
      RoomHistory history,
      RefusedCounts counts) {
    this.command = command;
    this.incoming = incoming;
    this.history = history;
    this.counts = counts;
  }

  /// Whether all of them may be kept, even if each is refused.
  boolean areKept() {
    Map<String, RefusedCounts.Amount> bySite = new HashMap<>();
    RefusedCounts.Amount all = new RefusedCounts.Amount(0, 0);
    for (InboundEvent each : incoming) {
      Pdu event = each.event();
      if (history.find(event.eventId()) == null) {
        RefusedCounts.Amount one = RefusedCounts.Amount.of(event);
        var _ = bySite.merge(RefusedCounts.site(event), one, RefusedCounts.Amount::plus);
        all = all.plus(one);
      }
    }
    return counts.hasRoomFor(all)
        && bySite.entrySet().stream()
            .allMatch(each -> counts.hasRoomFor(each.getKey(), each.getValue()));
  }

  /// Those that are not stored, with what became of them.
  ///
  /// @param trial what would become of each, in their order
  Map<EventId, EventVerdict> leftOut(Supplier<List<EventVerdict>> trial) {
    List<EventVerdict> verdicts = trial.get();
    RefusedCounts then = counts.copy();
    Map<EventId, EventVerdict> leftOut = new LinkedHashMap<>();
    Map<EventId, InboundEvent> refused = new HashMap<>();
    Deque<InboundEvent> needing = new ArrayDeque<>();
    for (int i = 0; i < incoming.size(); i++) {
      InboundEvent each = incoming.get(i);
      EventId id = each.event().eventId();
      if (verdicts.get(i) instanceof EventVerdict.Accepted) {
        needing.add(each);
      } else if (verdicts.get(i) instanceof EventVerdict.NotSigned) {
        leftOut.put(id, verdicts.get(i));
      } else if (isRefused(verdicts.get(i))) {
        refused.put(id, each);
        if (mayBeKept(each, then, leftOut.keySet())) {
          then.add(each.event());
        } else {
          leftOut.put(id, verdicts.get(i));
        }
      }
    }
    Set<EventId> seen = new HashSet<>();
    while (!needing.isEmpty()) {
      for (EventId id : needing.remove().references(command)) {
        InboundEvent cited = refused.get(id);
        if (cited != null && seen.add(id)) {
          leftOut.remove(id);
          needing.add(cited);
        }
      }
    }
    return leftOut;
  }

  /// Whether there is room for it, and what it refers to is kept.
  private boolean mayBeKept(InboundEvent event, RefusedCounts then, Set<EventId> leftOut) {
    return event.references(command).stream().noneMatch(leftOut::contains)
        && then.hasRoomFor(
            RefusedCounts.site(event.event()), RefusedCounts.Amount.of(event.event()));
  }

  private static boolean isRefused(EventVerdict verdict) {
    return switch (verdict) {
      case EventVerdict.SoftFailed _, EventVerdict.Rejected _ -> true;
      case EventVerdict.Accepted _,
          EventVerdict.Known _,
          EventVerdict.Incomplete _,
          EventVerdict.NotSigned _,
          EventVerdict.Dropped _ ->
          false;
    };
  }
}
