package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.SequenceBarrier;
import com.lmax.disruptor.TimeoutException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.hearth.ringlogs.LogReader.LostDataException;
import org.hearth.ringlogs.LogSet.ConsumerDeath;
import org.jspecify.annotations.Nullable;

/* Catching up

A follower has two hands on the log: `handled`, the ring sequence it has come to, which followers after it wait
for; and `seen`, the position it has come to. Both only grow, and `seen` is moved first: what is at or before
`handled` in the ring is at or before `seen`. One exception: the reader's own data goes back, because it was lost
or is to be built anew. Then `seen` goes back, too, and all up to the head is read from the store before the ring
is looked at again.

It misses something when its place in the ring holds a later envelope or none any more (overrun), when an envelope names a
previous entry that it has not seen (nothing here should bring that about), and when it starts. All three end in
catchUp(upTo), which reads the store from `seen`. How far it may read is bounded: by the head of the log, which
is set only after the commit; and, for a follower after others, by what those have seen, so that the order
between them holds in the store as in the ring. After an overrun it has then seen all that was available in the
ring when it noticed, and goes on behind that; entries that are in the ring still and were read already are
passed over by position. */

/// Runs one [LogReader].
///
/// **Thread**: [#ask], [#halt], [#drain], [#seen] and figures any; the rest its own.
final class Follower<E> {
  static final int LONGEST_BATCH = 256;

  /// Entries in one read from the store: few, since each may be large.
  static final int READ_AT_ONCE = 32;

  private static final System.Logger LOG = System.getLogger("org.hearth.ringlogs");

  private final Broadcast<E> log;
  private final LogReader<E> reader;
  private final String name;
  private final Source<E> source;
  private final List<Follower<E>> before;
  private final FailureHandling failures;
  private final Recovery recovery;
  private final ParkedKeys<E> parked;
  private final Delivery<E> delivery;

  /// The reader has lost data and handled nothing since.
  private Recovery.@Nullable Stall loss;

  private final @Nullable Rereading<E> rereading;
  private final ConsumerMeter meter = new ConsumerMeter();
  private final SequenceBarrier barrier;
  private final Sequence handled = new Sequence();
  private final Thread thread;
  private final ReleaseRequests requests;
  private volatile LogPosition seen = LogPosition.ORIGIN;
  private volatile boolean draining;

  /// Answered when the reader has forgotten what it kept.
  private final AtomicReference<@Nullable Reply<Boolean>> rebuild = new AtomicReference<>();

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
    this.failures = failures;
    this.requests = new ReleaseRequests(log.spec().name());
    String threadName = log.spec().name() + "/" + name;
    this.recovery = new Recovery(threadName, failures, meter, log.signal());
    this.rereading =
        source instanceof Source.Stored<E> stored
            ? new Rereading<>(threadName, stored, READ_AT_ONCE, recovery)
            : null;
    this.parked = new ParkedKeys<>(log.spec(), name, failures, recovery, meter);
    this.delivery = new Delivery<>(reader, recovery, parked, meter, this::serveRequests);
    this.barrier = log.barrier(before.stream().map(each -> each.handled).toArray(Sequence[]::new));
    this.thread = Thread.ofPlatform().daemon().name(threadName).unstarted(this::run);
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
    // A reader that rebuilds needs nothing of what was parked: its letters wait for a person.
    if (!reader.rebuilds()) {
      parked.load(failures.deadLetters().of(log.spec().name(), name), seen);
    }
    return seen;
  }

  void start() {
    requests.begin();
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

  Reply<ReleaseResult> ask(String key, boolean discardFirst) {
    return requests.ask(
        key,
        discardFirst,
        () -> {
          barrier.alert();
          log.signal().raise();
        });
  }

  Reply<Boolean> rebuild() {
    Reply<Boolean> reply = Reply.pending();
    if (!rebuild.compareAndSet(null, reply)) {
      throw new IllegalStateException(name + " is about to be built anew already");
    }
    barrier.alert();
    log.signal().raise();
    if (requests.hasEnded()) {
      refuseRebuild();
    }
    return reply;
  }

  private void refuseRebuild() {
    @Nullable Reply<Boolean> asked = rebuild.getAndSet(null);
    if (asked != null) {
      asked.fail(new LogStoppedException(log.spec().name()));
    }
  }

  long lag() {
    return Math.max(0, log.cursor() - handled.get());
  }

  List<ParkedKey> parkedKeys() {
    return parked.list();
  }

  ConsumerFigures figures() {
    return meter.snapshot(name, seen, lag(), parked.keys());
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
      died = t;
      meter.state(ConsumerFigures.State.FAILED);
      LOG.log(Level.ERROR, thread.getName() + " has ended", t);
    } finally {
      try {
        requests.end();
        refuseRebuild();
      } finally {
        if (died != null) {
          log.died(new ConsumerDeath(log.spec().name(), name, died));
        }
      }
    }
  }

  /// Comes to the head that the log was started at, never ahead of those before it.
  private void replay() throws AlertException {
    meter.state(ConsumerFigures.State.REPLAYING);
    LogPosition start = log.start();
    while (start.isAfter(seen)) {
      recovery.checkHalted();
      serveRequests();
      forgetIfAsked();
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
        if (forgetIfAsked()) {
          meter.state(ConsumerFigures.State.REPLAYING);
          catchUp(bound());
        }
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
      Broadcast.@Nullable Envelope<E> envelope = log.envelope(sequence);
      // Both are looked at: a later envelope may continue exactly where this follower has come to
      // by the store, and yet not be handled by those before it.
      if (envelope == null
          || envelope.sequence() != sequence
          || envelope.previous().isAfter(reached)) {
        meter.overrun();
        var _ = deliver(batch);
        catchUp(bound());
        return available;
      }
      if (envelope.position().isAfter(reached)) {
        batch.add(envelope.content());
        reached = envelope.position();
      }
    }
    if (!deliver(batch)) {
      catchUp(bound());
      return available;
    }
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
    if (rereading == null) {
      tellLost(seen, upTo);
      return;
    }
    while (upTo.isAfter(seen)) {
      switch (rereading.next(seen, upTo)) {
        case Rereading.Part.Entries<E>(var entries, var reached) -> {
          meter.readFromStore(entries.size());
          if (deliver(entries)) {
            advance(reached);
          }
        }
        case Rereading.Part.Damaged<E>(var position, var failure) -> {
          if (reader.rebuilds()) {
            tellLost(seen, upTo);
          } else {
            delivery.parkUnreadable(position, failure);
            advance(position);
          }
        }
        case Rereading.Part.Gone<E>(var gone) -> tellLost(seen, gone);
      }
    }
  }

  private void tellLost(LogPosition after, LogPosition upTo) throws AlertException {
    if (upTo.isAfter(after)) {
      delivery.tellLost(after, upTo);
      advance(upTo);
    }
  }

  /// @return false if the reader's data has gone back, and with it where it has come to
  private boolean deliver(List<Positioned<E>> entries) throws AlertException {
    if (entries.isEmpty()) {
      return true;
    }
    try {
      delivery.deliver(entries);
    } catch (LostDataException e) {
      goBack(e);
      return false;
    }
    if (loss != null) {
      loss.over();
      loss = null;
    }
    advance(entries.getLast().position());
    return true;
  }

  private void goBack(LostDataException failure) throws AlertException {
    LogPosition kept = recovery.insist("the position of its reader", reader::position);
    LOG.log(Level.ERROR, () -> "%s goes back to %s".formatted(thread.getName(), kept), failure);
    seen = kept;
    // A reader that loses its data again and again is given time.
    if (loss == null) {
      loss = recovery.new Stall("its reader, which has lost data");
    }
    loss.pause(failure);
  }

  /// @return whether the reader has been made to forget what it keeps
  private boolean forgetIfAsked() throws AlertException {
    @Nullable Reply<Boolean> asked = rebuild.getAndSet(null);
    if (asked == null) {
      return false;
    }
    @Nullable Exception failure = recovery.attempt(reader::forget);
    if (failure != null) {
      asked.fail(Recovery.unchecked(failure));
      return false;
    }
    seen = recovery.insist("the position of its reader", reader::position);
    asked.complete(true);
    return true;
  }

  private void advance(LogPosition to) {
    if (to.isAfter(seen)) {
      seen = to;
      log.signal().raise();
    }
  }

  private void serveRequests() {
    Releasing<E> again = new Releasing<>(reader, log.spec(), rereading, parked, recovery);
    requests.serve((key, discardFirst) -> parked.release(key, discardFirst, again));
  }
}
