package org.hearth.bench.store;

import java.util.Arrays;

/// How long things took, in milliseconds.
public record Latencies(
    long count, double p50Millis, double p95Millis, double p99Millis, double maxMillis) {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double NANOS_PER_SECOND = 1e9;

  /// Keeps every value. **Thread**: one.
  static final class Recorder {
    private static final int FIRST_CAPACITY = 1 << 14;
    private long[] nanos = new long[FIRST_CAPACITY];
    private int count;

    void add(long value) {
      if (count == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * count);
      }
      nanos[count++] = value;
    }
  }

  static Latencies of(Recorder... recorders) {
    long[] all =
        Arrays.stream(recorders)
            .flatMapToLong(each -> Arrays.stream(each.nanos, 0, each.count))
            .sorted()
            .toArray();
    return new Latencies(all.length, at(all, 0.5), at(all, 0.95), at(all, 0.99), at(all, 1));
  }

  double perSecond(long nanos) {
    return count * NANOS_PER_SECOND / nanos;
  }

  private static double at(long[] sorted, double part) {
    if (sorted.length == 0) {
      return 0;
    }
    int index = (int) Math.ceil(part * sorted.length) - 1;
    return sorted[Math.max(0, index)] / NANOS_PER_MILLI;
  }
}
