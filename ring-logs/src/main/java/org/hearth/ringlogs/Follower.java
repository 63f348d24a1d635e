package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.SequenceBarrier;
import com.lmax.disruptor.TimeoutException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/* Catching up

A follower has two hands on the log: `handled`, the ring sequence it has come to, which followers after it wait
for; and `seen`, the position it has come to. Both only grow, and `seen` is moved first: what is at or before
`handled` in the ring is at or before `seen`.

It misses something when its place in the ring holds a later envelope (overrun), when an envelope names a
previous entry that it has not seen (nothing here should bring that about), and when it starts. All three end in
catchUp(upTo), which reads the store from `seen`. How far it may read is bounded: by the head of the log, which is set only after the commit; and,
for a follower after others, by what those have seen, so that the order between them holds in the store as in
the ring. After an overrun it has then seen all that was available in the ring when it noticed, and goes on
behind that; entries that are in the ring still and were read already are passed over by position. */

/// Runs one [LogReader].
///
/// **Thread**: [#ask], [#halt], [#drain], [#seen] and figures any; the rest its own.
final class Follower<E> {
  static final int LONGEST_BATCH = 256;
  private static final System.Logger LOG = System.getLogger("org.hearth.ringlogs");

  private record Request(String key, boolean discardFirst, Reply<ReleaseResult> reply) {}

  private final Broadcast<E> log;
  private final LogReader<E> reader;
  private final String name;
  private final Source<E> source;
  private final List<Follower<E>> before;
  private final Recovery<E> recovery;
  private final ConsumerMeter meter = new ConsumerMeter();
  private final SequenceBarrier barrier;
  private final Sequence handled = new Sequence();
  private final Thread thread;
  private final ConcurrentLinkedQueue<Request> requests = new ConcurrentLinkedQueue<>();
  private volatile LogPosition seen = LogPosition.ORIGIN;
  private volatile boolean draining;

  /// Nobody serves requests. Set before the last look at them, so that none is left behind.
  private volatile boolean ended = true;

  Follower(
      Broadcast<E> log,
      LogReader<E> reader,
      Source<E> source,
      List<Follower<E>> before,
      FailureHandling failures) {
    this.log = log;
    this.reader = reader;
    this.name = reader.name();
    this.source = source;
    this.before = List.copyOf(before);
    this.recovery = new Recovery<>(log.spec(), name, failures, meter, log.signal());
    this.barrier = log.barrier(before.stream().map(each -> each.handled).toArray(Sequence[]::new));
    this.thread =
        Thread.ofPlatform().daemon().name(log.spec().name() + "/" + name).unstarted(this::run);
  }

  String name() {
    return name;
  }

  List<Follower<E>> before() {
    return before;
  }

  /// Everything of the log up to here has been handled or parked.
  LogPosition seen() {
    return seen;
  }

  /// Reads where the reader stands and what it has parked. Before [#start].
  LogPosition load() {
    seen = source instanceof Source.Stored<E> ? reader.position() : LogPosition.ORIGIN;
    recovery.load(_ -> true);
    return seen;
  }

  void start() {
    ended = false;
    thread.start();
  }

  /// Lets the thread end when it has handled all that was published.
  void drain() {
    draining = true;
    barrier.alert();
  }

  /// Ends the thread after the batch that it is at.
  void halt() {
    recovery.halt();
    barrier.alert();
  }

  /// Waits for the thread; says whether it has ended.
  boolean join(Duration patience) throws InterruptedException {
    return thread.getState() == Thread.State.NEW
        || (patience.isPositive() ? thread.join(patience) : !thread.isAlive());
  }

  void ask(String key, boolean discardFirst, Reply<ReleaseResult> reply) {
    requests.add(new Request(key, discardFirst, reply));
    barrier.alert();
    log.signal().raise();
    if (ended) {
      refuseRequests();
    }
  }

  long lag() {
    return Math.max(0, log.cursor() - handled.get());
  }

  ConsumerFigures figures() {
    return meter.snapshot(name, seen, lag(), recovery.parkedKeys());
  }

  // --- the follower's thread

  private void run() {
    @Nullable Throwable died = null;
    try {
      replay();
      follow();
      meter.state(ConsumerFigures.State.STOPPED);
    } catch (AlertException _) {
      meter.state(ConsumerFigures.State.STOPPED);
    } catch (Throwable t) {
      // The top of a thread: an error of the virtual machine, or a defect here.
      meter.state(ConsumerFigures.State.FAILED);
      LOG.log(Level.ERROR, thread.getName() + " has ended", t);
      died = t;
    } finally {
      ended = true;
      refuseRequests();
    }
    if (died != null) {
      log.died(new ConsumerDeath(log.spec().name(), name, died));
    }
  }

  /// Comes to the head that the log was started at, never ahead of those before it.
  private void replay() throws AlertException {
    meter.state(ConsumerFigures.State.REPLAYING);
    LogPosition start = log.start();
    while (start.isAfter(seen)) {
      recovery.checkHalted();
      serveRequests();
      LogPosition bound = min(start, bound());
      if (bound.isAfter(seen)) {
        catchUp(bound);
      } else {
        awaitThoseBefore();
      }
    }
  }

  private void awaitThoseBefore() {
    try {
      log.signal().await(() -> bound().isAfter(seen) || recovery.isHalted() || !requests.isEmpty());
    } catch (InterruptedException e) {
      LOG.log(Level.DEBUG, "left over from a reader", e);
    }
  }

  private void follow() throws AlertException, TimeoutException {
    long next = 0;
    while (true) {
      recovery.checkHalted();
      if (draining && next > log.cursor()) {
        return;
      }
      try {
        meter.state(ConsumerFigures.State.IDLE);
        long available = barrier.waitFor(next);
        meter.state(ConsumerFigures.State.BUSY);
        next = handle(next, available) + 1;
        handled.set(next - 1);
        log.signal().raise();
      } catch (AlertException _) {
        recovery.checkHalted();
        barrier.clearAlert();
        serveRequests();
      } catch (InterruptedException e) {
        LOG.log(Level.DEBUG, "left over from a reader", e);
      }
    }
  }

  /// Handles what is in the ring from one sequence on.
  ///
  /// @param available up to here the ring may be read; those before have handled it
  /// @return the last sequence that is handled now
  private long handle(long from, long available) throws AlertException {
    long to = Math.min(available, from + LONGEST_BATCH - 1);
    List<Positioned<E>> batch = new ArrayList<>(Math.toIntExact(to - from + 1));
    LogPosition reached = seen;
    for (long sequence = from; sequence <= to; sequence++) {
      Envelope<E> envelope = log.envelope(sequence);
      // Both, because a later envelope may continue exactly where this follower has come to by the
      // store, and
      // yet not be handled by those before it.
      if (envelope.sequence() != sequence || envelope.previous().isAfter(reached)) {
        meter.overrun();
        deliver(batch);
        catchUp(bound());
        return available;
      }
      if (envelope.position().isAfter(reached)) {
        batch.add(envelope.content());
        reached = envelope.position();
      }
    }
    deliver(batch);
    return to;
  }

  /// How far this follower may read.
  private LogPosition bound() {
    LogPosition bound = log.head();
    for (Follower<E> each : before) {
      bound = min(bound, each.seen);
    }
    return bound;
  }

  private static LogPosition min(LogPosition one, LogPosition other) {
    return one.isAfter(other) ? other : one;
  }

  /// Handles what the ring does not hold any more.
  private void catchUp(LogPosition upTo) throws AlertException {
    switch (source) {
      case Source.Stored<E> stored -> readAgain(stored, upTo);
      case Source.Nowhere<E> _ -> tellLost(upTo);
    }
  }

  private void readAgain(Source.Stored<E> stored, LogPosition upTo) throws AlertException {
    while (upTo.isAfter(seen)) {
      recovery.checkHalted();
      LogPosition after = seen;
      List<Positioned<E>> entries =
          recovery.insist("the store", () -> stored.read(after, upTo, LONGEST_BATCH));
      meter.readFromStore(entries.size());
      deliver(entries);
      if (entries.size() < LONGEST_BATCH) {
        advance(upTo);
      }
    }
  }

  private void tellLost(LogPosition upTo) throws AlertException {
    LogPosition after = seen;
    if (upTo.isAfter(after)) {
      recovery.insist(
          "its reader to make up for what is lost",
          () -> {
            reader.onLost(after, upTo);
            return upTo;
          });
      meter.lost(upTo.value() - after.value());
      advance(upTo);
    }
  }

  private void advance(LogPosition to) {
    seen = to;
    log.signal().raise();
  }

  /// Gives entries to the reader, whatever it takes; those of parked keys to the dead letters.
  private void deliver(List<Positioned<E>> entries) throws AlertException {
    if (entries.isEmpty()) {
      return;
    }
    long start = System.nanoTime();
    List<Positioned<E>> open = new ArrayList<>(entries.size());
    for (Positioned<E> each : entries) {
      if (!isHeldBack(each)) {
        open.add(each);
      }
    }
    giveTogether(open);
    meter.batch(entries.size(), System.nanoTime() - start);
    advance(entries.getLast().position());
  }

  private boolean isHeldBack(Positioned<E> each) throws AlertException {
    String key = log.spec().partitionKey().apply(each.entry());
    if (!recovery.isParked(key)) {
      return false;
    }
    recovery.holdBack(key, each.position(), each.entry());
    return true;
  }

  private void giveTogether(List<Positioned<E>> entries) throws AlertException {
    Recovery<E>.Stall stall = recovery.new Stall("its reader");
    List<Positioned<E>> left = entries;
    while (!left.isEmpty()) {
      Exception failure = give(left);
      if (failure == null) {
        stall.over();
        return;
      }
      left = notKept(left);
      if (recovery.isUnavailable(failure)) {
        stall.pause(failure);
      } else {
        stall.over();
        giveOneByOne(left);
        return;
      }
    }
  }

  private void giveOneByOne(List<Positioned<E>> entries) throws AlertException {
    for (Positioned<E> each : entries) {
      if (!isHeldBack(each)) {
        giveOne(each);
      }
    }
  }

  private void giveOne(Positioned<E> entry) throws AlertException {
    Recovery<E>.Stall stall = recovery.new Stall("its reader");
    boolean failedBefore = false;
    List<Positioned<E>> left = List.of(entry);
    while (!left.isEmpty()) {
      Exception failure = give(left);
      if (failure == null) {
        break;
      }
      left = notKept(left);
      if (recovery.isUnavailable(failure)) {
        stall.pause(failure);
      } else if (failedBefore && !left.isEmpty()) {
        String key = log.spec().partitionKey().apply(entry.entry());
        recovery.park(key, entry.position(), entry.entry(), failure);
        break;
      } else {
        failedBefore = true;
      }
    }
    stall.over();
  }

  private @Nullable Exception give(List<Positioned<E>> entries) {
    List<Positioned<E>> given = List.copyOf(entries);
    return recovery.attempt(() -> reader.onBatch(given));
  }

  /// Of entries whose handling failed, those that the reader did not keep after all.
  private List<Positioned<E>> notKept(List<Positioned<E>> entries) throws AlertException {
    LogPosition kept = recovery.insist("the position of its reader", reader::position);
    return entries.stream().filter(each -> each.position().isAfter(kept)).toList();
  }

  private void serveRequests() {
    for (Request request = requests.poll(); request != null; request = requests.poll()) {
      String key = request.key();
      try {
        request.reply().complete(recovery.release(key, request.discardFirst(), this::giveReleased));
      } catch (RuntimeException e) {
        request.reply().fail(e);
      } catch (Exception e) {
        request.reply().fail(new IllegalStateException(e.toString(), e));
      }
    }
  }

  private void giveReleased(LogPosition position, E entry) throws Exception {
    reader.onRelease(List.of(new Positioned<>(position, entry)));
  }

  private void refuseRequests() {
    for (Request request = requests.poll(); request != null; request = requests.poll()) {
      request.reply().fail(new LogStoppedException(log.spec().name()));
    }
  }
}
