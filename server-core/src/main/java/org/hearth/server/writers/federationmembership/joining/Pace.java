package org.hearth.server.writers.federationmembership.joining;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// How fast something comes along for which others wait. It depends on the server that is asked,
/// and one that sends a byte now and then is not to keep everybody waiting: each byte of an answer
/// earns time, up to [#GRACE], and who has none left is slow.
///
/// **thread**: told by those who do it, one after the other; asked by any. Guarded by this.
final class Pace {
  /// How long nothing need come.
  static final Duration GRACE = Duration.ofSeconds(20);

  /// What is slower would not be here in the time that a request has.
  static final long SLOWEST_BYTES_A_SECOND = 256 << 10;

  private final LongSupplier nanos;
  private long until;
  private long bytes;
  private boolean resting;

  /// @param nanos a time that only goes on
  Pace(LongSupplier nanos) {
    this.nanos = nanos;
    this.until = nanos.getAsLong() + GRACE.toNanos();
  }

  /// So much of an answer is here; less than before is another answer.
  synchronized void has(long so) {
    long earned = TimeUnit.SECONDS.toNanos(1) * Math.max(0, so - bytes) / SLOWEST_BYTES_A_SECOND;
    until = Math.min(nanos.getAsLong() + GRACE.toNanos(), until + earned);
    bytes = so;
    resting = false;
  }

  /// From now on no server is waited for.
  synchronized void rests() {
    resting = true;
  }

  /// From now on one is.
  synchronized void begins() {
    until = nanos.getAsLong() + GRACE.toNanos();
    resting = false;
  }

  /// Whether others should not wait for it any longer.
  synchronized boolean isSlow() {
    return !resting && nanos.getAsLong() - until > 0;
  }
}
