package org.hearth.ringlogs;

import java.util.Collections;
import java.util.List;

/// How often values of each size occurred, as of one moment.
///
/// **Shape**: `buckets.get(0)` counts the zeros; `buckets.get(i)` the values from 2^(i-1) to 2^i -
/// 1. So a percentile is exact to a factor of two. Count, sum and buckets are read one after the
///    other while the writer goes on: they may differ by the values of that moment.
///
/// @param count how many values
/// @param sum of all values
/// @param max the greatest value so far; 0 if there is none
/// @param buckets the counts; without trailing zeros
public record Distribution(long count, long sum, long max, List<Long> buckets) {
  /// No values.
  public static final Distribution NONE = new Distribution(0, 0, 0, List.of());

  public Distribution {
    buckets = List.copyOf(buckets);
  }

  /// The mean; 0 if there are no values.
  public double mean() {
    return count == 0 ? 0 : (double) sum / count;
  }

  /// An upper bound of the value that a part of all values does not exceed: the top of its bucket,
  /// at most [#max]; 0 if there are no values.
  ///
  /// @param part from 0 to 1: 0.5 for the median
  public long percentile(double part) {
    long total = buckets.stream().mapToLong(Long::longValue).sum();
    long wanted = Math.max(1, (long) Math.ceil(part * total));
    long seen = 0;
    for (int i = 0; i < buckets.size(); i++) {
      seen += buckets.get(i);
      if (seen >= wanted) {
        return i == 0 ? 0 : Math.min(max, (1L << i) - 1);
      }
    }
    return max;
  }

  /// Both together: what several shards did.
  public Distribution plus(Distribution other) {
    int length = Math.max(buckets.size(), other.buckets.size());
    Long[] both = Collections.nCopies(length, 0L).toArray(Long[]::new);
    for (int i = 0; i < length; i++) {
      both[i] =
          (i < buckets.size() ? buckets.get(i) : 0L)
              + (i < other.buckets.size() ? other.buckets.get(i) : 0L);
    }
    return new Distribution(
        count + other.count, sum + other.sum, Math.max(max, other.max), List.of(both));
  }
}
