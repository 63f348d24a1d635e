package org.hearth.ringlogs;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A store in memory. It outlives the logs of a test, as a database outlives the program.
final class NoteStore implements OutputStore<Note> {
  private final ConcurrentSkipListMap<LogPosition, Note> notes = new ConcurrentSkipListMap<>();
  private final AtomicInteger failures = new AtomicInteger();

  private final Set<LogPosition> damaged = ConcurrentHashMap.newKeySet();
  private final AtomicInteger reads = new AtomicInteger();
  private volatile boolean broken;
  private volatile boolean floorDamaged;

  /// Lets every read that comes to this entry fail for good.
  void damage(long position) {
    damaged.add(new LogPosition(position));
  }

  void mend() {
    damaged.clear();
    broken = false;
  }

  /// Lets every read fail for good.
  void breakAll() {
    broken = true;
  }

  /// Lets nobody know how far entries were removed.
  void damageFloor() {
    floorDamaged = true;
  }

  @Override
  public LogPosition floor() {
    if (floorDamaged) {
      throw new IllegalStateException("the row of the floor is damaged");
    }
    return LogPosition.ORIGIN;
  }

  int reads() {
    return reads.get();
  }

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
    reads.incrementAndGet();
    if (broken) {
      throw new IllegalStateException("no such table");
    }
    return notes.subMap(after, false, upTo, true).entrySet().stream()
        .limit(limit)
        .map(each -> new Positioned<>(undamaged(each.getKey()), each.getValue()))
        .toList();
  }

  private LogPosition undamaged(LogPosition position) {
    if (damaged.contains(position)) {
      throw new IllegalStateException("the row at " + position + " is damaged");
    }
    return position;
  }
}
