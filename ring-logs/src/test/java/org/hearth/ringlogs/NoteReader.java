package org.hearth.ringlogs;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// A reader that keeps what it is told, all of a batch or nothing.
final class NoteReader implements LogReader<Note> {
  private final String name;
  private final Consumer<Positioned<Note>> before;
  private final List<Positioned<Note>> kept = new ArrayList<>();
  private final List<LogPosition> lost = new ArrayList<>();
  private LogPosition position;

  NoteReader(String name) {
    this(name, LogPosition.ORIGIN, _ -> {});
  }

  /// @param before called with each entry before it is kept; may throw
  NoteReader(String name, LogPosition position, Consumer<Positioned<Note>> before) {
    this.name = name;
    this.position = position;
    this.before = before;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public synchronized LogPosition position() {
    return position;
  }

  @Override
  public void onBatch(List<Positioned<Note>> batch) {
    batch.forEach(before);
    synchronized (this) {
      kept.addAll(batch);
      LogPosition last = batch.getLast().position();
      position = last.isAfter(position) ? last : position;
    }
  }

  @Override
  public synchronized void onLost(LogPosition after, LogPosition upTo) {
    lost.add(after);
    lost.add(upTo);
  }

  synchronized List<Positioned<Note>> kept() {
    return List.copyOf(kept);
  }

  synchronized List<Long> numbers() {
    return kept.stream().map(each -> each.entry().number()).toList();
  }

  synchronized List<LogPosition> lost() {
    return List.copyOf(lost);
  }
}
