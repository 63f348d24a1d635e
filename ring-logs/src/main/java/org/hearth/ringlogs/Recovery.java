package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.hearth.ringlogs.DeadLetter.Reason;
import org.jspecify.annotations.Nullable;

/// What one consumer does when something throws, and which partition keys it has parked.
///
/// **Thread**: the consumer's own; [#isParked], [#why], [#parkedKeys] and [#halt] any.
///
/// @param <E> the entries or commands
final class Recovery<E> {
  private static final System.Logger LOG = System.getLogger("org.hearth.ringlogs");
  private static final int LONGEST_FAILURE_TEXT = 2000;

  /// A parked key: why, and the last of its entries that went to the dead letters.
  private record Parked(String failure, LogPosition upTo) {}

  /// Something that may throw.
  @FunctionalInterface
  interface Action {
    void run() throws Exception;
  }

  /// Handles one parked entry again.
  @FunctionalInterface
  interface Again<E> {
    void handle(LogPosition position, E entry) throws Exception;
  }

  private final LogSpec<E> spec;
  private final String consumer;
  private final FailureHandling policy;
  private final ConsumerMeter meter;
  private final Signal signal;
  private final ConcurrentHashMap<String, Parked> parked = new ConcurrentHashMap<>();
  private volatile boolean halted;

  Recovery(
      LogSpec<E> spec,
      String consumer,
      FailureHandling policy,
      ConsumerMeter meter,
      Signal signal) {
    this.spec = spec;
    this.consumer = consumer;
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

  /// Remembers what was parked in an earlier run, of the keys that are wanted.
  void load(Predicate<String> wanted) {
    for (DeadLetter letter : policy.deadLetters().of(spec.name(), consumer)) {
      if (wanted.test(letter.partitionKey())) {
        remember(letter);
      }
    }
  }

  boolean isParked(String key) {
    return !parked.isEmpty() && parked.containsKey(key);
  }

  /// Why a key is parked; empty if it is not.
  String why(String key) {
    Parked found = parked.get(key);
    return found == null ? "" : found.failure();
  }

  Set<String> parkedKeys() {
    return Set.copyOf(parked.keySet());
  }

  boolean isUnavailable(Exception failure) {
    return policy.unavailable().test(failure);
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

  /// Does what cannot be left undone: again and again, with growing pauses, until it succeeds.
  ///
  /// @throws AlertException if the consumer is halted meanwhile
  <T> T insist(String what, Callable<T> action) throws AlertException {
    Stall stall = new Stall(what);
    while (true) {
      Exception failure;
      try {
        T result = action.call();
        stall.over();
        return result;
      } catch (Exception e) {
        failure = e;
      }
      meter.failure(failure);
      stall.pause(failure);
    }
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
        LOG.log(
            Level.WARNING, () -> "%s/%s waits: %s".formatted(spec.name(), consumer, what), failure);
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

    /// What was wanted has been had.
    void over() {
      if (before != null) {
        meter.state(before);
        before = null;
        LOG.log(Level.INFO, () -> "%s/%s goes on".formatted(spec.name(), consumer));
      }
    }
  }

  /// Parks a key whose entry failed.
  void park(String key, LogPosition position, E entry, Exception failure) throws AlertException {
    LOG.log(
        Level.ERROR,
        () -> "%s/%s parks %s at %s".formatted(spec.name(), consumer, key, position),
        failure);
    keep(letter(key, position, entry, Reason.FAILED, describe(failure)));
  }

  /// Keeps an entry of a key that is parked already, unless it was kept in an earlier run.
  void holdBack(String key, LogPosition position, E entry) throws AlertException {
    Parked known = parked.get(key);
    if (known == null || position.isAfter(known.upTo())) {
      keep(letter(key, position, entry, Reason.HELD_BACK, ""));
    }
  }

  private void keep(DeadLetter letter) throws AlertException {
    // Known as parked at once: no later entry of the key passes while the letter waits to be kept.
    remember(letter);
    insist(
        "the dead letters",
        () -> {
          policy.deadLetters().park(letter);
          return letter;
        });
  }

  private void remember(DeadLetter letter) {
    parked.merge(
        letter.partitionKey(),
        new Parked(letter.failure(), letter.position()),
        (old, later) ->
            new Parked(
                old.failure().isEmpty() ? later.failure() : old.failure(),
                later.upTo().isAfter(old.upTo()) ? later.upTo() : old.upTo()));
  }

  private DeadLetter letter(
      String key, LogPosition position, E entry, Reason reason, String failure) {
    EncodedEntry bytes;
    String text = failure;
    try {
      bytes = EncodedEntry.of(spec.codec(), entry);
    } catch (RuntimeException e) {
      // A defect of the codec must not hide the entry: a person can read this, no codec can.
      meter.failure(e);
      bytes =
          new EncodedEntry(
              EncodedEntry.TEXT, String.valueOf(entry).getBytes(StandardCharsets.UTF_8));
      text = failure + "; not encodable: " + describe(e);
    }
    return new DeadLetter(
        spec.name(), consumer, key, position, bytes, reason, text, policy.clock().instant());
  }

  /// Handles the letters of a key again, in order, until one fails.
  ///
  /// @throws Exception if the letters cannot be had now; the key stays parked
  ReleaseResult release(String key, boolean discardFirst, Again<E> again) throws Exception {
    List<DeadLetter> letters = policy.deadLetters().of(spec.name(), consumer, key);
    int discarded = 0;
    int handled = 0;
    for (DeadLetter letter : letters) {
      if (discardFirst && discarded == 0) {
        policy.deadLetters().remove(letter);
        discarded++;
        continue;
      }
      Exception failure =
          attempt(() -> again.handle(letter.position(), letter.entry().decode(spec.codec())));
      if (failure != null) {
        if (isUnavailable(failure)) {
          throw failure;
        }
        policy.deadLetters().park(failedAgain(letter, failure));
        return new ReleaseResult(key, handled, discarded, letters.size() - handled - discarded);
      }
      policy.deadLetters().remove(letter);
      handled++;
    }
    parked.remove(key);
    return new ReleaseResult(key, handled, discarded, 0);
  }

  private DeadLetter failedAgain(DeadLetter letter, Exception failure) {
    return new DeadLetter(
        letter.log(),
        letter.consumer(),
        letter.partitionKey(),
        letter.position(),
        letter.entry(),
        Reason.FAILED,
        describe(failure),
        policy.clock().instant());
  }

  /// Class, message and place of a failure and its causes, in one line of bounded length.
  private static String describe(Exception failure) {
    StringBuilder text = new StringBuilder();
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (!text.isEmpty()) {
        text.append("; caused by ");
      }
      text.append(each);
      if (each.getStackTrace().length > 0) {
        text.append(" at ").append(each.getStackTrace()[0]);
      }
      if (text.length() > LONGEST_FAILURE_TEXT) {
        return text.substring(0, LONGEST_FAILURE_TEXT);
      }
    }
    return text.toString();
  }
}
