package org.hearth.server.servers.room.receive;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.StateJump;
import org.hearth.server.servers.room.state.StateKeys;

/// Members and powers that a resolution has taken away without anybody saying so: what older
/// servers called a state reset.
final class UnexpectedLosses {
  private static final int MOST_NAMED = 5;

  private UnexpectedLosses() {}

  /// What was lost, in a sentence; empty when nothing was.
  static Optional<String> in(List<StateJump> jumps, StateKeys keys) {
    List<String> gone = new ArrayList<>();
    boolean powers = false;
    for (StateJump each : jumps) {
      StateKey key = keys.key(each.key());
      EventRef before = each.before();
      EventRef now = each.now();
      if (key.type().equals(EventTypes.MEMBER)
          && before != null
          && before.membership() == Membership.JOIN
          && (now == null || now.membership() != Membership.JOIN)) {
        gone.add(key.stateKey());
      }
      powers |= key.equals(StateKey.of(EventTypes.POWER_LEVELS)) && before != null;
    }
    if (gone.isEmpty() && !powers) {
      return Optional.empty();
    }
    List<String> parts = new ArrayList<>();
    if (!gone.isEmpty()) {
      List<String> named = gone.subList(0, Math.min(MOST_NAMED, gone.size()));
      String others = gone.size() > named.size() ? " and others" : "";
      parts.add("%d members (%s%s)".formatted(gone.size(), String.join(", ", named), others));
    }
    if (powers) {
      parts.add("the power levels");
    }
    return Optional.of(
        "Branches of the room's history came together and changed what nobody changed: "
            + String.join(" and ", parts));
  }
}
