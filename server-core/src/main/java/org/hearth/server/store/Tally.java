package org.hearth.server.store;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import org.hearth.ringlogs.Distribution;

/// Counts values by size for a [Distribution]. **Thread**: one writes, any read.
final class Tally {
  private static final int SUM = Long.SIZE;
  private static final int MAX = SUM + 1;
  private static final int SIZE = MAX + 1;

  private final AtomicLongArray cells = new AtomicLongArray(SIZE);

  void add(long value) {
    bump(Long.SIZE - Long.numberOfLeadingZeros(value), 1);
    bump(SUM, value);
    if (value > cells.getPlain(MAX)) {
      cells.setOpaque(MAX, value);
    }
  }

  private void bump(int cell, long by) {
    cells.setOpaque(cell, cells.getPlain(cell) + by);
  }

  Distribution distribution() {
    List<Long> buckets = new ArrayList<>();
    long count = 0;
    int used = 0;
    for (int i = 0; i < SUM; i++) {
      long each = cells.getOpaque(i);
      buckets.add(each);
      count += each;
      if (each > 0) {
        used = i + 1;
      }
    }
    return new Distribution(
        count, cells.getOpaque(SUM), cells.getOpaque(MAX), buckets.subList(0, used));
  }
}
