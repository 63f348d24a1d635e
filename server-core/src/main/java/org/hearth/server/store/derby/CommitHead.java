package org.hearth.server.store.derby;

import org.hearth.ringlogs.LogPosition;

/// How far the commits have come.
///
/// @param commits the number of the last commit; also commits without announcements count
/// @param position the last position that was given
/// @param hash of this commit and all before it: two databases that have the same numbers but went
///   different ways differ in it
public record CommitHead(long commits, long position, long hash) {
  public static final CommitHead START = new CommitHead(0, 0, 0);

  /// The head after a commit that gave positions up to `next`.
  ///
  /// @param salt differs from run to run
  public CommitHead next(long next, long salt) {
    return new CommitHead(commits + 1, next, mix(mix(hash ^ salt) + next));
  }

  public LogPosition logPosition() {
    return new LogPosition(position);
  }

  /// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
  /// Generators, 2014).
  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
