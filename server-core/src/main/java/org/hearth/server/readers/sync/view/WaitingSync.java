package org.hearth.server.readers.sync.view;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.jspecify.annotations.Nullable;

/// One request that waits for something to happen.
///
/// The order is: [#look], then build an answer, then, if there is nothing to say, [#sleep]. What
/// happens between the first and the last makes the sleep return at once, so that no wake-up is
/// lost.
///
/// **Thread:** the request's own looks and sleeps; anyone wakes.
public final class WaitingSync {
  /// No request waits longer, whatever it asks for: a client that is gone is noticed then at the
  /// latest.
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(2);

  private final Thread thread = Thread.currentThread();
  private final @Nullable DeviceId device;
  private volatile boolean woken;
  private volatile boolean over;
  private volatile @Nullable MatrixException refusal;

  WaitingSync(@Nullable DeviceId device) {
    this.device = device;
  }

  /// How long a request waits that asks for so long.
  public static Duration patience(long millis) {
    return Duration.ofMillis(Math.min(millis, LONGEST_WAIT.toMillis()));
  }

  boolean isOf(DeviceId other) {
    return other.equals(device);
  }

  public void look() {
    woken = false;
  }

  public void wake() {
    if (!woken) {
      woken = true;
      LockSupport.unpark(thread);
    }
  }

  /// Lets the request answer now with whatever there is.
  public void end() {
    over = true;
    wake();
  }

  /// Lets the request answer now that it is refused.
  public void end(MatrixException why) {
    refusal = why;
    end();
  }

  public boolean isOver() {
    return over;
  }

  public Optional<MatrixException> refusal() {
    return Optional.ofNullable(refusal);
  }

  /// Sleeps until woken or until that time.
  ///
  /// @param until as [System#nanoTime] counts
  /// @return false if the time has come or the thread was interrupted
  public boolean sleep(long until) {
    while (!woken) {
      long nanos = until - System.nanoTime();
      if (nanos <= 0 || Thread.currentThread().isInterrupted()) {
        return false;
      }
      LockSupport.parkNanos(this, nanos);
    }
    return true;
  }
}
