package org.hearth.server.servers.room;

import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.StateKey;

/// The state of a room at one moment: state key → event. It never changes; a later state is another
/// object.
///
/// **thread**: any. Events are read when asked for, many at a time; ask for what you need. A room
/// always has its create event.
public interface RoomState {
  /// Two states of a room with the same number are equal.
  long snapshot();

  /// How many state events there are.
  int size();

  /// The event of that type and state key.
  Optional<RoomEvent> event(StateKey key);

  /// The event of that type and state key; with the empty key.
  default Optional<RoomEvent> event(String type) {
    return event(new StateKey(type, ""));
  }

  /// The position of the event of that type and state key, without reading the event.
  Optional<LogPosition> position(StateKey key);

  /// All events, by position.
  List<RoomEvent> events();

  /// All events of one type, by position.
  List<RoomEvent> events(String type);

  /// The keys that are set, in no order.
  List<StateKey> keys();

  /// The events of these keys that there are, by position.
  List<RoomEvent> events(List<StateKey> keys);

  /// The events of this state that `earlier` does not have: what must be told to who knows
  /// `earlier`.
  List<RoomEvent> changedSince(RoomState earlier);
}
