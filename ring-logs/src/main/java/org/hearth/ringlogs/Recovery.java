package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.jspecify.annotations.Nullable;

/// What one consumer does when something throws: counts it, tries again, waits.
///
/// **Thread**: the consumer's own; [#halt] any.
final class Recovery {
  private static final System.Logger LOG = System.getLogger("org.hearth.ringlogs");

  /// Something that may throw.
  @FunctionalInterface
  interface Action {
    void run() throws Exception;
  }

  /// What became of something that was fetched.
  sealed interface Fetched<T> {
    record Had<T>(T value) implements Fetched<T> {}

    /// It failed for good: waiting would not help.
    record Failed<T>(Exception failure) implements Fetched<T> {}
  }

  private final String name;
  private final FailureHandling policy;
  private final ConsumerMeter meter;
  private final Signal signal;
  private volatile boolean halted;

  /// @param name of the consumer, for the server's log
  /// @param signal wakes the consumer when it is halted
  Recovery(String name, FailureHandling policy, ConsumerMeter meter, Signal signal) {
    this.name = name;
    this.policy = policy;
    this.meter = meter;
    this.signal = signal;
  }

  /// Makes every wait of this consumer end with an [AlertException].
  void halt() {
    halted = true;
    signal.raise();
  }

  boolean isHalted() {
    return halted;
  }

  void checkHalted() throws AlertException {
    if (halted) {
      throw AlertException.INSTANCE;
    }
  }

  boolean isUnavailable(Exception failure) {
    return policy.isUnavailable(failure);
  }

  /// Runs an action, counts what it throws, and returns that; null if all went well. An error that
  /// says nothing of the virtual machine's health (a failed assertion, a missing class, too deep a
  /// recursion) is a failure like any other.
  @Nullable Exception attempt(Action action) {
    Exception failure;
    try {
      action.run();
      return null;
    } catch (Exception e) {
      failure = e;
    } catch (AssertionError | LinkageError | StackOverflowError e) {
      failure = new IllegalStateException(e.toString(), e);
    }
    meter.failure(failure);
    return failure;
  }

  /// Does what lies outside of a handler or reader. While it is unavailable, this waits and tries
  /// again, for as long as it takes; if it fails otherwise, it is tried once more.
  ///
  /// @param what is waited for, in words
  /// @throws AlertException if the consumer is halted meanwhile
  <T> Fetched<T> fetch(String what, Callable<T> action) throws AlertException {
    Stall stall = new Stall(what);
    List<T> had = new ArrayList<>(1);
    boolean failedBefore = false;
    while (true) {
      Exception failure = attempt(() -> had.add(action.call()));
      if (failure == null) {
        stall.over();
        return new Fetched.Had<>(had.getFirst());
      }
      if (isUnavailable(failure)) {
        stall.pause(failure);
      } else if (failedBefore) {
        stall.over();
        return new Fetched.Failed<>(failure);
      } else {
        failedBefore = true;
      }
    }
  }

  /// Does what cannot be left undone: again and again, with growing pauses, until it succeeds.
  ///
  /// @throws AlertException if the consumer is halted meanwhile
  <T> T insist(String what, Callable<T> action) throws AlertException {
    Stall stall = new Stall(what);
    List<T> had = new ArrayList<>(1);
    Exception failure = attempt(() -> had.add(action.call()));
    while (failure != null) {
      stall.pause(failure);
      failure = attempt(() -> had.add(action.call()));
    }
    stall.over();
    return had.getFirst();
  }

  /// Does what is needed to go on: for as long as it is unavailable, and else so many times, with
  /// growing pauses.
  ///
  /// @throws IllegalStateException if it has failed that often
  /// @throws AlertException if the consumer is halted meanwhile
  void persist(String what, Action action, int most) throws AlertException {
    Stall stall = new Stall(what);
    int failures = 0;
    Exception failure = attempt(action);
    while (failure != null) {
      if (!isUnavailable(failure) && ++failures == most) {
        throw new IllegalStateException(
            "%s has waited in vain for %s".formatted(name, what), failure);
      }
      stall.pause(failure);
      failure = attempt(action);
    }
    stall.over();
  }

  /// A time in which something cannot be had: pauses that grow, and the state that shows it.
  final class Stall {
    private final String what;
    private long pauseNanos = policy.firstPause().toNanos();
    private ConsumerFigures.@Nullable State before;

    Stall(String what) {
      this.what = what;
    }

    /// Waits a little longer than the last time.
    void pause(Exception failure) throws AlertException {
      checkHalted();
      if (before == null) {
        before = meter.state();
        meter.state(ConsumerFigures.State.STALLED);
        LOG.log(Level.WARNING, () -> "%s waits: %s".formatted(name, what), failure);
      }
      try {
        signal.await(() -> halted, pauseNanos);
      } catch (InterruptedException e) {
        // Nobody interrupts a consumer to stop it: what was meant is over, so the pause is.
        LOG.log(Level.DEBUG, "a pause was interrupted", e);
      }
      checkHalted();
      pauseNanos = Math.min(2 * pauseNanos, policy.longestPause().toNanos());
    }

    /// What was wanted has been had, or is given up.
    void over() {
      if (before != null) {
        meter.state(before);
        before = null;
        LOG.log(Level.INFO, () -> name + " goes on");
      }
    }
  }

  static RuntimeException unchecked(Exception failure) {
    return failure instanceof RuntimeException already
        ? already
        : new IllegalStateException(failure.toString(), failure);
  }
}
