package org.hearth.server.servers.room;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;

/// The state of a room at one moment: state key → event. It never changes; a later state is another
/// object.
///
/// **thread**: any. Events are read when asked for, many at a time; ask for what you need. A room
/// always has its create event.
public interface RoomState {
  /// Events that are in memory at once while many are looked through.
  int MOST_READ = 500;

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

  /// Which of these users are joined.
  default Set<UserId> joined(Collection<UserId> users) {
    List<StateKey> keys = users.stream().map(each -> StateKey.member(each.value())).toList();
    Set<UserId> joined = new HashSet<>();
    for (int i = 0; i < keys.size(); i += MOST_READ) {
      for (RoomEvent each : events(keys.subList(i, Math.min(i + MOST_READ, keys.size())))) {
        if (Membership.isJoin(each.pdu())) {
          joined.add(UserId.parse(each.pdu().stateKey().orElseThrow()));
        }
      }
    }
    return joined;
  }

  /// The positions of the events of this state that `earlier` does not have, in no order: what must
  /// be told to who knows `earlier`.
  Map<StateKey, LogPosition> changedSince(RoomState earlier);
}
