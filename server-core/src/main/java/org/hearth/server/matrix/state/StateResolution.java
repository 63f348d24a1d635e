package org.hearth.server.matrix.state;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.version.RoomVersion;

/// Makes one state of several, the same on every server and whatever their order.
///
/// **thread**: any; a resolution works on the calling thread and keeps nothing.
///
/// **source**: state resolution of versions [1][v1], [2 to 11][v2] and [12][v2.1].
///
/// [v1]: https://spec.matrix.org/v1.19/rooms/v1/#state-resolution
/// [v2]: https://spec.matrix.org/v1.19/rooms/v2/#state-resolution
/// [v2.1]: https://spec.matrix.org/v1.19/rooms/v12/#state-resolution
public final class StateResolution {
  private StateResolution() {}

  /// The resolution of a set of states.
  ///
  /// The states must be given as they are, not merged: which events are in conflict depends on
  /// which states have them.
  ///
  /// @param version the room's version, which says which algorithm
  /// @param states key → number of the event that holds it; equal states may repeat
  /// @param events the events of the states and of their auth chains
  /// @return the resolved state, unmodifiable
  /// @throws IllegalArgumentException if there is no state at all
  public static Map<StateKey, Long> resolve(
      RoomVersion version, List<Map<StateKey, Long>> states, EventSource events) {
    List<Map<StateKey, Long>> distinct = states.stream().distinct().toList();
    if (distinct.isEmpty()) {
      throw new IllegalArgumentException("no state to resolve");
    }
    if (distinct.size() == 1) {
      return Map.copyOf(distinct.getFirst());
    }
    return Collections.unmodifiableMap(
        switch (version.stateResolution()) {
          case V1 -> ResolutionV1.resolve(distinct, events);
          case V2, V2_1 -> ResolutionV2.resolve(version, Conflicts.in(distinct), events);
        });
  }
}
