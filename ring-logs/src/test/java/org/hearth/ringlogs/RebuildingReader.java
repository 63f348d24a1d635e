package org.hearth.ringlogs;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// A reader that keeps its view in memory and fetches it anew when entries are lost.
final class RebuildingReader implements LogReader<Note> {
  private final Consumer<Positioned<Note>> before;
  private final List<String> told = new ArrayList<>();
  private final AtomicInteger rebuildsThatFail = new AtomicInteger();
  private volatile LogPosition position = LogPosition.ORIGIN;

  /// @param before called with each entry before it is kept; may throw
  RebuildingReader(Consumer<Positioned<Note>> before) {
    this.before = before;
  }

  /// Lets the next rebuilds fail for good.
  void failNextRebuilds(int count) {
    rebuildsThatFail.set(count);
  }

  @Override
  public String name() {
    return "Memory";
  }

  @Override
  public boolean rebuilds() {
    return true;
  }

  @Override
  public LogPosition position() {
    return position;
  }

  @Override
  public void onBatch(List<Positioned<Note>> batch) {
    for (Positioned<Note> each : batch) {
      before.accept(each);
      tell(String.valueOf(each.entry().number()));
      position = each.position();
    }
  }

  @Override
  public void onLost(LogPosition after, LogPosition upTo) {
    if (rebuildsThatFail.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw new IllegalStateException("cannot rebuild");
    }
    tell("lost " + after + "-" + upTo);
    position = upTo;
  }

  private synchronized void tell(String what) {
    told.add(what);
  }

  synchronized List<String> told() {
    return List.copyOf(told);
  }
}
