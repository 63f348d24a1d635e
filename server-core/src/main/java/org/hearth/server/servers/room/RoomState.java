package org.hearth.server.servers.room;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
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

  /// The positions of all events, in no order, without reading any.
  Map<StateKey, LogPosition> positions();

  /// The same of the keys that are wanted: of a large state only these take memory.
  Map<StateKey, LogPosition> positions(Predicate<StateKey> wanted);

  /// The events of these keys that there are, by position.
  List<RoomEvent> events(List<StateKey> keys);

  /// The positions of the events of this state that `earlier` does not have, in no order: what must
  /// be told to who knows `earlier`.
  Map<StateKey, LogPosition> changedSince(RoomState earlier);
}
