package org.hearth.ringlogs;

import com.lmax.disruptor.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/// Counts values by size. **Thread**: one adds, any reads.
final class Tally {
  private final AtomicLongArray buckets = new AtomicLongArray(Long.SIZE);
  private final Sequence count = new Sequence(0);
  private final Sequence sum = new Sequence(0);
  private final Sequence max = new Sequence(0);

  /// @param value not negative
  void add(long value) {
    int bucket = Long.SIZE - Long.numberOfLeadingZeros(value);
    buckets.setRelease(bucket, buckets.getPlain(bucket) + 1);
    count.set(count.get() + 1);
    sum.set(sum.get() + value);
    if (value > max.get()) {
      max.set(value);
    }
  }

  Distribution snapshot() {
    List<Long> counts = new ArrayList<>(Long.SIZE);
    int last = 0;
    for (int i = 0; i < Long.SIZE; i++) {
      long each = buckets.getAcquire(i);
      counts.add(each);
      if (each > 0) {
        last = i + 1;
      }
    }
    return new Distribution(count.get(), sum.get(), max.get(), counts.subList(0, last));
  }
}
