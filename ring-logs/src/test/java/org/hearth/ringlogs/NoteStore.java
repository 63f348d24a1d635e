package org.hearth.ringlogs;

import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A store in memory. It outlives the logs of a test, as a database outlives the program.
final class NoteStore implements OutputStore<Note> {
  private final ConcurrentSkipListMap<LogPosition, Note> notes = new ConcurrentSkipListMap<>();
  private final AtomicInteger failures = new AtomicInteger();

  /// Lets the next reads fail.
  void failNextReads(int count) {
    failures.set(count);
  }

  Positioned<Note> commit(LogPosition position, Note note) {
    notes.put(position, note);
    return new Positioned<>(position, note);
  }

  List<Positioned<Note>> all() {
    return notes.entrySet().stream().map(e -> new Positioned<>(e.getKey(), e.getValue())).toList();
  }

  @Override
  public List<Positioned<Note>> read(LogPosition after, LogPosition upTo, int limit) {
    if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw new UnavailableException();
    }
    return notes.subMap(after, false, upTo, true).entrySet().stream()
        .limit(limit)
        .map(each -> new Positioned<>(each.getKey(), each.getValue()))
        .toList();
  }
}
