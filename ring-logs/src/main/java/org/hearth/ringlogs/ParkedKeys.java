package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.hearth.ringlogs.DeadLetter.Label;
import org.hearth.ringlogs.DeadLetter.Reason;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.jspecify.annotations.Nullable;

/* Bounds

A consumer parks at most MOST_KEYS keys. One that fails on more is broken as a whole: a reader waits, visibly,
and tries again; a shard answers the command with its failure and parks nothing.

At most MOST_LETTERS letters of entries that are held back are kept, of all keys together. After that the next
one of a key becomes a letter of the reason REST, which stands for all that follow: of these only the last
position is remembered, and they are read from the store when the key is released. A log without a store tells
its reader then that they are lost. So there are never more letters than MOST_LETTERS and two of each key.

Of a letter that is refused for good, even shortened, the position is remembered, one of each key: from there on
the key gets no more letters. At the release one letter for all of that must be kept first; while it is refused,
so is the release. */

/// The partition keys that one consumer has parked, and their dead letters.
///
/// **Thread**: the consumer's own; [#isParked], [#why], [#keys] and [#list] any.
///
/// @param <E> the entries or commands
final class ParkedKeys<E> {
  static final int MOST_KEYS = 1_000;
  static final int MOST_LETTERS = 1_000;
  private static final System.Logger LOG = System.getLogger("org.hearth.ringlogs");

  /// A parked key.
  ///
  /// @param failure why
  /// @param since when its first letter was written
  /// @param letters how many it has
  /// @param upTo the last of its entries that was held back
  /// @param heldBack how many letters of held back entries it has
  /// @param rest whether one of them stands for all that follow
  /// @param unkept the first of its entries of which no letter could be kept
  private record Parked(
      String failure,
      Instant since,
      int letters,
      LogPosition upTo,
      int heldBack,
      boolean rest,
      @Nullable LogPosition unkept) {
    static Parked by(Label letter) {
      return new Parked(
          letter.failure(),
          letter.parkedAt(),
          1,
          letter.position(),
          letter.reason() == Reason.HELD_BACK ? 1 : 0,
          letter.reason() == Reason.REST,
          null);
    }

    Parked and(Parked later) {
      return new Parked(
          failure.isEmpty() ? later.failure : failure,
          since,
          letters + later.letters,
          later.upTo.isAfter(upTo) ? later.upTo : upTo,
          heldBack + later.heldBack,
          rest || later.rest,
          unkept == null ? later.unkept : unkept);
    }

    Parked reaching(LogPosition position) {
      LogPosition last = position.isAfter(upTo) ? position : upTo;
      return new Parked(failure, since, letters, last, heldBack, rest, unkept);
    }

    Parked unkept(LogPosition position) {
      return new Parked(failure, since, letters, upTo, heldBack, rest, position);
    }

    /// @param forRest whether the letter stands for all that follow
    Parked kept(boolean forRest) {
      return new Parked(failure, since, letters, upTo, heldBack, forRest, null);
    }

    /// @param left the letters that a release has left, at least one
    Parked left(List<Label> left) {
      Label first = left.getFirst();
      String why = first.failure().isEmpty() ? failure : first.failure();
      return new Parked(why, first.parkedAt(), left.size(), upTo, heldBack, rest, unkept);
    }

    /// Whether what is held back of it from now on gets no letter.
    boolean isWithoutLetters() {
      return rest || unkept != null;
    }
  }

  /// Handles parked entries again.
  interface Again {
    /// Handles what one letter holds.
    void handle(DeadLetter letter) throws Exception;

    /// Whether entries can be had that no letter holds.
    default boolean rereads() {
      return false;
    }

    /// Handles the entries of a letter's key from the letter's position up to another.
    ///
    /// @return null if all were handled; else where it failed, and why
    default @Nullable Stopped handleRest(Label letter, LogPosition upTo, boolean discardFirst)
        throws Exception {
      throw new IllegalStateException("commands are not held back");
    }
  }

  /// Where the handling of a rest ended too early.
  record Stopped(LogPosition at, Exception failure) {}

  private final LogSpec<E> spec;
  private final String consumer;
  private final FailureHandling policy;
  private final Recovery recovery;
  private final ConsumerMeter meter;
  private final Letters<E> write;
  private final ConcurrentHashMap<String, Parked> parked = new ConcurrentHashMap<>();

  /// Letters of entries that are held back, of all keys together.
  private int heldBack;

  ParkedKeys(
      LogSpec<E> spec,
      String consumer,
      FailureHandling policy,
      Recovery recovery,
      ConsumerMeter meter) {
    this.spec = spec;
    this.consumer = consumer;
    this.policy = policy;
    this.recovery = recovery;
    this.meter = meter;
    this.write = new Letters<>(spec, consumer, policy.clock());
  }

  /// Remembers what was parked in an earlier run.
  ///
  /// @param letters of this consumer
  /// @param seen how far the consumer came in that run: what a letter of the reason REST stands for
  ///   reaches to there
  void load(List<Label> letters, LogPosition seen) {
    for (Label letter : letters) {
      remember(letter);
      if (letter.reason() == Reason.REST) {
        extend(letter.partitionKey(), seen);
      }
    }
  }

  private void extend(String key, LogPosition upTo) {
    parked.computeIfPresent(key, (_, known) -> known.reaching(upTo));
  }

  boolean isEmpty() {
    return parked.isEmpty();
  }

  boolean isParked(String key) {
    return parked.containsKey(key);
  }

  /// Whether another key can be parked.
  boolean hasRoom() {
    return parked.size() < MOST_KEYS;
  }

  /// Why a key is parked; empty if it is not.
  String why(String key) {
    Parked found = parked.get(key);
    return found == null ? "" : found.failure();
  }

  Set<String> keys() {
    return Set.copyOf(parked.keySet());
  }

  /// What is parked, by key.
  List<ParkedKey> list() {
    return parked.entrySet().stream()
        .map(each -> {
          Parked what = each.getValue();
          return new ParkedKey(
              spec.name(), consumer, each.getKey(), what.letters(), what.failure(), what.since());
        })
        .sorted(Comparator.comparing(ParkedKey::partitionKey))
        .toList();
  }

  /// The key of an entry; one of its own, by the position, if it cannot be told.
  String keyOf(Positioned<E> entry) {
    try {
      return Objects.requireNonNull(spec.partitionKey().apply(entry.entry()), "no partition key");
    } catch (RuntimeException | AssertionError | LinkageError | StackOverflowError e) {
      meter.failure(e);
      return keyOf(entry.position());
    }
  }

  /// The key of an entry of which nothing is known but its place.
  private static String keyOf(LogPosition position) {
    return "position " + position;
  }

  /// Parks a key whose entry failed.
  void park(String key, LogPosition position, E entry, Exception failure) throws AlertException {
    LOG.log(
        Level.ERROR,
        () -> "%s/%s parks %s at %s".formatted(spec.name(), consumer, key, position),
        failure);
    keep(write.failed(key, position, entry, failure), entry);
  }

  /// Parks the place of an entry that the store cannot read.
  void parkUnreadable(LogPosition position, Exception failure) throws AlertException {
    String key = keyOf(position);
    LOG.log(
        Level.ERROR,
        () -> "%s/%s parks %s: the store cannot read it".formatted(spec.name(), consumer, key),
        failure);
    keep(write.unreadable(key, position, failure), null);
  }

  /// Keeps an entry of a key that is parked already, unless it was kept before.
  void holdBack(String key, LogPosition position, E entry) throws AlertException {
    Parked known = parked.get(key);
    if (known != null && !position.isAfter(known.upTo())) {
      return;
    }
    if (known != null && known.isWithoutLetters()) {
      extend(key, position);
      if (known.unkept() != null) {
        meter.unkept();
      }
    } else if (heldBack >= MOST_LETTERS) {
      keep(write.rest(key, position), null);
    } else {
      keep(write.heldBack(key, position, entry), entry);
    }
  }

  /// Stores a letter; a shortened one if it is refused for good; none if that is refused, too.
  private void keep(DeadLetter letter, @Nullable E entry) throws AlertException {
    // Known as parked at once: no later entry of the key passes while the letter waits to be kept.
    remember(letter.label());
    @Nullable Exception refused = store(letter);
    if (refused != null && entry != null) {
      refused = store(write.shortened(letter, entry, refused));
    }
    if (refused != null) {
      parked.computeIfPresent(
          letter.partitionKey(),
          (_, known) -> known.unkept() == null ? known.unkept(letter.position()) : known);
      meter.unkept();
      Exception why = refused;
      LOG.log(
          Level.ERROR,
          () ->
              "%s/%s cannot keep a letter of %s at %s: a restart forgets that the key is parked"
                  .formatted(spec.name(), consumer, letter.partitionKey(), letter.position()),
          why);
    }
  }

  private @Nullable Exception store(DeadLetter letter) throws AlertException {
    Recovery.Fetched<DeadLetter> stored =
        recovery.fetch(
            "the dead letters",
            () -> {
              policy.deadLetters().park(letter);
              return letter;
            });
    return switch (stored) {
      case Recovery.Fetched.Had<DeadLetter> _ -> null;
      case Recovery.Fetched.Failed<DeadLetter>(var failure) -> failure;
    };
  }

  private void remember(Label letter) {
    Parked by = Parked.by(letter);
    parked.merge(letter.partitionKey(), by, Parked::and);
    heldBack += by.heldBack();
  }

  /// Handles the letters of a key again, in order, until one fails. Their entries are read one at a
  /// time.
  ///
  /// @throws Exception if the letters cannot be had now; the key stays parked
  ReleaseResult release(String key, boolean discardFirst, Again again) throws Exception {
    keepUnkept(key, again);
    List<Label> letters = policy.deadLetters().of(spec.name(), consumer, key);
    int discarded = 0;
    int handled = 0;
    for (Label letter : letters) {
      boolean discard = discardFirst && discarded == 0;
      if (discard) {
        discarded++;
      }
      boolean settled =
          letter.reason() == Reason.REST
              ? settleRest(letter, discard, again)
              : discard || settle(letter, again);
      if (!settled) {
        int remaining = letters.size() - handled - discarded;
        if (discard) {
          remaining++;
        }
        List<Label> left = policy.deadLetters().of(spec.name(), consumer, key);
        parked.computeIfPresent(key, (_, known) -> left.isEmpty() ? known : known.left(left));
        return new ReleaseResult(key, handled, discarded, remaining);
      }
      policy.deadLetters().remove(letter);
      if (!discard) {
        handled++;
      }
    }
    @Nullable Parked opened = parked.remove(key);
    heldBack -= opened == null ? 0 : opened.heldBack();
    return new ReleaseResult(key, handled, discarded, 0);
  }

  /// Keeps a letter that stands for what no letter could be kept of.
  ///
  /// @throws IllegalStateException if that is refused, too
  private void keepUnkept(String key, Again again) throws Exception {
    @Nullable Parked known = parked.get(key);
    @Nullable LogPosition unkept = known == null ? null : known.unkept();
    if (unkept == null) {
      return;
    }
    boolean alone = !again.rereads() || key.equals(keyOf(unkept));
    DeadLetter letter =
        alone
            ? write.unreadable(key, unkept, new IllegalStateException("its letter was refused"))
            : write.rest(key, unkept);
    @Nullable Exception refused = recovery.attempt(() -> policy.deadLetters().park(letter));
    if (refused != null) {
      throwIfUnavailable(refused);
      throw new IllegalStateException(
          "the entry of %s at %s is not handled, and its letter cannot be kept: the key stays parked"
              .formatted(key, unkept),
          refused);
    }
    parked.computeIfPresent(key, (_, parked) -> parked.kept(!alone));
  }

  /// @return whether the entry is handled; if not, its letter says why, unless the letter itself is
  ///   damaged
  private boolean settle(Label letter, Again again) throws Exception {
    List<DeadLetter> read = new ArrayList<>(1);
    @Nullable Exception damage =
        recovery.attempt(() -> read.add(policy.deadLetters().read(letter)));
    if (damage != null) {
      throwIfUnavailable(damage);
      LOG.log(
          Level.ERROR,
          () ->
              "%s/%s cannot read its letter of %s at %s: it can be discarded"
                  .formatted(spec.name(), consumer, letter.partitionKey(), letter.position()),
          damage);
      return false;
    }
    @Nullable Exception failure = recovery.attempt(() -> again.handle(read.getFirst()));
    if (failure != null) {
      throwIfUnavailable(failure);
      policy.deadLetters().park(write.failedAgain(read.getFirst(), failure));
    }
    return failure == null;
  }

  /// @return whether nothing is left of what the letter stands for
  private boolean settleRest(Label letter, boolean discardFirst, Again again) throws Exception {
    Parked known = parked.get(letter.partitionKey());
    LogPosition upTo = known == null ? letter.position() : known.upTo();
    @Nullable Stopped stopped = again.handleRest(letter, upTo, discardFirst);
    if (stopped == null) {
      return true;
    }
    throwIfUnavailable(stopped.failure());
    policy
        .deadLetters()
        .park(write.restAgain(letter.partitionKey(), stopped.at(), stopped.failure()));
    if (!stopped.at().equals(letter.position())) {
      policy.deadLetters().remove(letter);
    }
    return false;
  }

  /// A halt, too, says nothing about the entry.
  private void throwIfUnavailable(Exception failure) throws Exception {
    if (failure instanceof AlertException || recovery.isUnavailable(failure)) {
      throw failure;
    }
  }
}
