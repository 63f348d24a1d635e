package org.hearth.server.servers.room.read;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateKeys;
import org.hearth.server.servers.room.state.StateRows;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.servers.room.state.StoredEvents;

/// A committed state of a room, whose events are read when they are asked for.
final class StoredState implements RoomState {
  /// The events of a state by key number.
  interface Entries {
    /// One more than the greatest key number that may be set.
    int keyLimit();

    /// The position of the key's event; 0 when it is not set.
    long position(int key);
  }

  private final long number;
  private final int size;
  private final Entries entries;
  private final StateKeys keys;
  private final StoredEvents events;

  private StoredState(long number, int size, Entries entries, StateKeys keys, StoredEvents events) {
    this.number = number;
    this.size = size;
    this.entries = entries;
    this.keys = keys;
    this.events = events;
  }

  /// A state of a room: the current one, or one that is read from its rows.
  static RoomState at(RoomView room, long snapshot, RoomMemory memory) {
    return snapshot == room.state().number()
        ? current(room, memory.events())
        : of(memory.states().get(snapshot), room.info().keys(), memory.events());
  }

  /// The current state of a committed view.
  static StoredState current(RoomView room, StoredEvents events) {
    StateSnapshot state = room.state();
    Entries entries =
        new Entries() {
          @Override
          public int keyLimit() {
            return Math.min(state.keyLimit(), room.info().keys().size());
          }

          @Override
          public long position(int key) {
            EventRef event = state.get(key);
            return event == null ? 0 : event.position();
          }
        };
    return new StoredState(state.number(), state.size(), entries, room.info().keys(), events);
  }

  /// A state read from its rows.
  ///
  /// @param keys the keys of the room, at least those of the state
  static StoredState of(StateRows rows, StateKeys keys, StoredEvents events) {
    int set = (int) IntStream.range(0, rows.keyLimit()).filter(k -> rows.position(k) != 0).count();
    Entries entries =
        new Entries() {
          @Override
          public int keyLimit() {
            return rows.keyLimit();
          }

          @Override
          public long position(int key) {
            return rows.position(key);
          }
        };
    return new StoredState(rows.number(), set, entries, keys, events);
  }

  @Override
  public long snapshot() {
    return number;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public Optional<RoomEvent> event(StateKey key) {
    return position(key).map(position -> events.get(position.value()).shown());
  }

  @Override
  public Optional<LogPosition> position(StateKey key) {
    int number = keys.number(key);
    long position =
        number == StateKeys.UNKNOWN || number >= entries.keyLimit() ? 0 : entries.position(number);
    return position == 0 ? Optional.empty() : Optional.of(new LogPosition(position));
  }

  @Override
  public Map<StateKey, LogPosition> positions() {
    return numbered(_ -> true);
  }

  @Override
  public Map<StateKey, LogPosition> positions(Predicate<StateKey> wanted) {
    return numbered(key -> wanted.test(keys.key(key)));
  }

  private Map<StateKey, LogPosition> numbered(IntPredicate wanted) {
    Map<StateKey, LogPosition> set = new HashMap<>();
    for (int key = 0; key < entries.keyLimit(); key++) {
      long position = entries.position(key);
      if (position != 0 && wanted.test(key)) {
        set.put(keys.key(key), new LogPosition(position));
      }
    }
    return set;
  }

  @Override
  public List<RoomEvent> events(List<StateKey> wanted) {
    return read(
        wanted.stream()
            .flatMap(key -> position(key).stream())
            .map(LogPosition::value)
            .distinct()
            .sorted()
            .toList());
  }

  @Override
  public Map<StateKey, LogPosition> changedSince(RoomState earlier) {
    if (earlier.snapshot() == number) {
      return Map.of();
    }
    if (earlier instanceof StoredState stored) {
      return numbered(key ->
          key >= stored.entries.keyLimit()
              || stored.entries.position(key) != entries.position(key));
    }
    return numbered(key ->
        earlier
            .position(keys.key(key))
            .filter(position -> position.value() == entries.position(key))
            .isEmpty());
  }

  private List<RoomEvent> read(List<Long> positions) {
    return events.get(positions).stream().map(StoredEvents.Stored::shown).toList();
  }
}
