package org.hearth.ringlogs;

import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.SequenceBarrier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogSet.ConsumerDeath;
import org.hearth.ringlogs.WiringDescription.Arrow;
import org.hearth.ringlogs.WiringDescription.Node;
import org.jspecify.annotations.Nullable;

/// The ring behind a [FollowedLog]: one publisher, followers that do not gate it.
///
/// The ring has no gating sequences, so a claim never waits, and a place is overwritten whether or
/// not it was read. Each place holds a reference to an immutable [Envelope], written with release
/// and read with acquire order: a follower finds in its place the envelope it came for, or a later
/// one, whole in either case, or none where the ring weighed too much.
///
/// **Thread**: [#publish] one; [#register] and [#start] one, before that; the rest any.
final class Broadcast<E> {
  /// How long a reader may take, at the end, for the batch that it is at.
  private static final Duration LAST_BATCH = Duration.ofSeconds(1);

  private final LogSpec<E> spec;
  private final Node.Kind kind;
  private final Source<E> source;
  private final FailureHandling failures;
  private final Signal signal = new Signal();
  private final RingBuffer<AtomicReference<@Nullable Envelope<E>>> ring;
  private final Weights weights;

  /// In the order of their registration; replaced, never changed, so that any thread may read it.
  private volatile List<Follower<E>> followers = List.of();

  private volatile List<String> writers = List.of();

  private volatile Consumer<? super ConsumerDeath> onDeath = _ -> {};

  private volatile Phase phase = Phase.NEW;

  private volatile LogPosition start = LogPosition.ORIGIN;
  private volatile LogPosition head = LogPosition.ORIGIN;

  /// What lies in a place of an output ring. Immutable, because a slow reader may hold it while the
  /// publisher puts the next one into its place.
  ///
  /// @param sequence the place it was published in, counted on from 0 without wrapping: a reader
  ///   that finds another one than it came for was overtaken
  /// @param previous the position of the entry before it in this log: a reader that has not reached
  ///   it has missed something
  record Envelope<E>(long sequence, LogPosition previous, Positioned<E> content) {
    LogPosition position() {
      return content.position();
    }
  }

  private enum Phase {
    NEW,
    RUNNING,
    CLOSED
  }

  /// @param source where a follower finds what the ring no longer holds
  Broadcast(LogSpec<E> spec, Node.Kind kind, Source<E> source, FailureHandling failures) {
    this.spec = spec;
    this.kind = kind;
    this.source = source;
    this.failures = failures;
    this.ring =
        RingBuffer.createSingleProducer(
            AtomicReference::new, spec.capacity(), new ParkingWaitStrategy(signal));
    this.weights = new Weights(spec.capacity());
  }

  LogSpec<E> spec() {
    return spec;
  }

  Node.Kind kind() {
    return kind;
  }

  Signal signal() {
    return signal;
  }

  // --- wiring

  synchronized void register(LogReader<E> reader, String... after) {
    if (phase != Phase.NEW) {
      throw new IllegalStateException(
          "%s was started: too late for reader %s".formatted(spec.name(), reader.name()));
    }
    if (followers.stream().anyMatch(each -> each.name().equals(reader.name()))) {
      throw new IllegalArgumentException(
          "%s has a reader %s already".formatted(spec.name(), reader.name()));
    }
    List<Follower<E>> before = Stream.of(after).map(this::follower).toList();
    List<Follower<E>> more = new ArrayList<>(followers);
    more.add(new Follower<>(this, reader, source, before, failures));
    followers = List.copyOf(more);
  }

  void watch(Consumer<? super ConsumerDeath> listener) {
    onDeath = listener;
  }

  void died(ConsumerDeath death) {
    onDeath.accept(death);
  }

  synchronized void writtenBy(String... boxes) {
    writers = Stream.concat(writers.stream(), Stream.of(boxes)).distinct().toList();
  }

  synchronized void start(LogPosition from) {
    if (phase != Phase.NEW) {
      throw new IllegalStateException(spec.name() + " was started before");
    }
    for (Follower<E> each : followers) {
      LogPosition position = each.load();
      if (position.isAfter(from)) {
        throw new IllegalStateException(
            "reader %s of %s is at %s, but the log ends at %s: its data is of another history"
                .formatted(each.name(), spec.name(), position, from));
      }
    }
    start = from;
    head = from;
    phase = Phase.RUNNING;
    followers.forEach(Follower::start);
  }

  WiringDescription description() {
    List<Node> nodes = new ArrayList<>();
    List<Arrow> arrows = new ArrayList<>();
    nodes.add(new Node(spec.name(), kind));
    writers.forEach(each -> arrows.add(new Arrow(each, spec.name(), Arrow.Kind.WRITES)));
    for (Follower<E> each : followers) {
      nodes.add(new Node(each.name(), Node.Kind.READER));
      arrows.add(new Arrow(spec.name(), each.name(), Arrow.Kind.FEEDS));
      for (Follower<E> before : each.before()) {
        arrows.add(new Arrow(before.name(), each.name(), Arrow.Kind.BEFORE));
      }
    }
    return new WiringDescription(nodes, arrows);
  }

  // --- the publisher

  void publish(List<Positioned<E>> entries) {
    if (phase != Phase.RUNNING) {
      throw new LogStoppedException(spec.name());
    }
    LogPosition last = head;
    for (Positioned<E> each : entries) {
      if (!each.position().isAfter(last)) {
        throw new IllegalArgumentException(
            "%s is at %s and cannot publish at %s".formatted(spec.name(), last, each.position()));
      }
      last = each.position();
    }
    int capacity = ring.getBufferSize();
    for (int from = 0; from < entries.size(); from += capacity) {
      publishAtOnce(entries.subList(from, Math.min(entries.size(), from + capacity)));
    }
  }

  private void publishAtOnce(List<Positioned<E>> entries) {
    long to = ring.next(entries.size());
    long from = to - entries.size() + 1;
    LogPosition previous = head;
    for (int i = 0; i < entries.size(); i++) {
      Positioned<E> each = entries.get(i);
      ring.get(from + i).setRelease(new Envelope<>(from + i, previous, each));
      previous = each.position();
      weights.add(from + i, spec.weight().applyAsLong(each.entry()));
    }
    letGo(to);
    // Before the cursor: who sees an entry available sees a head that is not before it.
    head = previous;
    ring.publish(from, to);
  }

  /// Empties places until the ring weighs no more than it may; the newest entry stays. A follower
  /// that has not been there yet is overrun.
  private void letGo(long newest) {
    while (weights.total > LogSpec.MOST_BYTES && weights.oldest < newest) {
      ring.get(weights.oldest).setRelease(null);
      weights.removeOldest();
    }
  }

  /// What the entries in the ring weigh. **Thread**: the publisher's.
  private static final class Weights {
    private final long[] places;
    private long total;

    /// The first sequence whose place may hold an entry.
    private long oldest;

    Weights(int capacity) {
      places = new long[capacity];
    }

    void add(long sequence, long weight) {
      if (sequence - oldest == places.length) {
        removeOldest();
      }
      places[place(sequence)] = weight;
      total += weight;
    }

    void removeOldest() {
      total -= places[place(oldest)];
      places[place(oldest)] = 0;
      oldest++;
    }

    private int place(long sequence) {
      return (int) (sequence & (places.length - 1));
    }
  }

  // --- followers

  SequenceBarrier barrier(Sequence... before) {
    return ring.newBarrier(before);
  }

  long cursor() {
    return ring.getCursor();
  }

  /// What is in the place of a sequence that has been published; null if it was let go.
  @Nullable Envelope<E> envelope(long sequence) {
    return ring.get(sequence).getAcquire();
  }

  LogPosition start() {
    return start;
  }

  LogPosition head() {
    return head;
  }

  // --- anybody

  Follower<E> follower(String reader) {
    for (Follower<E> each : followers) {
      if (each.name().equals(reader)) {
        return each;
      }
    }
    throw new IllegalArgumentException("%s has no reader %s".formatted(spec.name(), reader));
  }

  boolean awaitReader(String reader, LogPosition position, Duration patience)
      throws InterruptedException {
    Follower<E> follower = follower(reader);
    return signal.await(
        () -> {
          LogPosition end = head;
          return !(end.isAfter(position) ? position : end).isAfter(follower.seen());
        },
        patience.toNanos());
  }

  Reply<ReleaseResult> ask(String reader, String partitionKey, boolean discardFirst) {
    return follower(reader).ask(partitionKey, discardFirst);
  }

  Reply<Boolean> rebuild(String reader) {
    Follower<E> follower = follower(reader);
    if (followers.stream().anyMatch(each -> each.before().contains(follower))) {
      throw new IllegalArgumentException(
          "readers of %s are told after %s, which cannot go back".formatted(spec.name(), reader));
    }
    return follower.rebuild();
  }

  synchronized boolean drainAndStop(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    phase = Phase.CLOSED;
    followers.forEach(Follower::drain);
    boolean drained = true;
    try {
      for (Follower<E> each : followers) {
        drained &= each.join(Duration.ofNanos(deadline - System.nanoTime()));
      }
    } finally {
      // Also when the wait is interrupted: no thread is left behind in its ring.
      followers.forEach(Follower::halt);
    }
    long last = System.nanoTime() + LAST_BATCH.toNanos();
    for (Follower<E> each : followers) {
      var _ = each.join(Duration.ofNanos(last - System.nanoTime()));
    }
    return drained;
  }

  List<ParkedKey> parked() {
    return followers.stream().flatMap(each -> each.parkedKeys().stream()).toList();
  }

  LogFigures figures() {
    List<Follower<E>> readers = followers;
    long behind = readers.stream().mapToLong(Follower::lag).max().orElse(0);
    return new LogFigures(
        spec.name(),
        kind,
        spec.capacity(),
        ring.getCursor() + 1,
        head,
        Math.min(spec.capacity(), behind),
        0,
        Duration.ZERO,
        0,
        0,
        List.of(),
        readers.stream().map(Follower::figures).toList());
  }
}
