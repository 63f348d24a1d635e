package org.hearth.bench.load;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;

/// Measured times, in nanoseconds. Every one is kept, so percentiles are exact.
///
/// **thread**: any.
public final class Times {
  private long[] nanos = new long[4096];
  private int count;

  /// Adds one.
  public synchronized void add(long time) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, count * 2);
    }
    nanos[count] = time;
    count++;
  }

  /// How many there are.
  public synchronized int count() {
    return count;
  }

  /// `{count, p50_ms, p95_ms, p99_ms, max_ms}`.
  public synchronized ObjectNode json() {
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("count", count);
    json.put("p50_ms", millis(sorted, 0.50));
    json.put("p95_ms", millis(sorted, 0.95));
    json.put("p99_ms", millis(sorted, 0.99));
    json.put("max_ms", millis(sorted, 1));
    return json;
  }

  private static double millis(long[] sorted, double part) {
    if (sorted.length == 0) {
      return 0;
    }
    int index = Math.clamp((long) Math.ceil(part * sorted.length) - 1, 0, sorted.length - 1);
    return Math.round(sorted[index] / 1e3) / 1e3;
  }
}
