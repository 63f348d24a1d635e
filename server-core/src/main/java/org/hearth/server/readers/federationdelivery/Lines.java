package org.hearth.server.readers.federationdelivery;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/// Those who wait, in a line for each [Cause]: users take turns, of one user the rooms, and of one
/// room who came first. So whoever fills a line has others wait behind one of it, not behind all.
///
/// **bound**: whoever adds says how often one waits. **thread**: guarded by who has it.
///
/// @param <T> who waits
final class Lines<T> {
  private final SequencedMap<String, SequencedMap<String, SequencedSet<T>>> lines =
      new LinkedHashMap<>();

  void add(Cause cause, T one) {
    lines
        .computeIfAbsent(cause.who(), _ -> new LinkedHashMap<>())
        .computeIfAbsent(cause.where(), _ -> new LinkedHashSet<>())
        .addLast(one);
  }

  void remove(Cause cause, T one) {
    SequencedMap<String, SequencedSet<T>> rooms = lines.get(cause.who());
    SequencedSet<T> line = rooms == null ? null : rooms.get(cause.where());
    if (rooms == null || line == null) {
      return;
    }
    line.remove(one);
    if (line.isEmpty()) {
      rooms.remove(cause.where());
    }
    if (rooms.isEmpty()) {
      lines.remove(cause.who());
    }
  }

  /// Takes who is next.
  Optional<T> poll() {
    if (lines.isEmpty()) {
      return Optional.empty();
    }
    var user = lines.pollFirstEntry();
    var room = user.getValue().pollFirstEntry();
    T next = room.getValue().removeFirst();
    if (!room.getValue().isEmpty()) {
      user.getValue().putLast(room.getKey(), room.getValue());
    }
    if (!user.getValue().isEmpty()) {
      lines.putLast(user.getKey(), user.getValue());
    }
    return Optional.of(next);
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  void clear() {
    lines.clear();
  }
}
