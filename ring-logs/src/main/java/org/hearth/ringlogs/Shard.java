package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.SequenceBarrier;
import com.lmax.disruptor.TimeoutException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.hearth.ringlogs.LogSet.ConsumerDeath;
import org.jspecify.annotations.Nullable;

/* Places

A writer takes a permit for a place before it claims one, and the shard gives the permits of a batch back after
it has moved its sequence. So a claim never waits in the ring (where a wait is a spin without a deadline): all
waiting is in the semaphore, in order of arrival, with the writer's deadline.

It also says when the shard is empty: who holds all permits knows that no writer is between the check of
`closed` and the publication, and that the thread has handled everything. */

/// One ring of an [InputLog] and the thread that empties it.
///
/// **Thread**: [#submit], [#ask], [#close], [#awaitEmpty], [#halt] and figures any; the rest the
/// shard's own.
final class Shard<C, R> {
  static final int LONGEST_BATCH = 256;
  private static final int LONGEST_SPIN = 200;
  private static final long PAUSE_NANOS = 20_000;
  private static final System.Logger LOG = System.getLogger("org.hearth.ringlogs");

  /// A place in the ring. Written by the writer that claimed it, emptied by the shard.
  private static final class Place<C, R> {
    private @Nullable Accepted<C, R> accepted;
  }

  /// A command as it lies in the ring.
  private record Accepted<C, R>(C command, String key, Reply<R> reply) {}

  private final String log;
  private final int number;
  private final CommandHandler<C, R> handler;
  private final LogSpec<C> spec;
  private final Recovery recovery;
  private final ParkedKeys<C> parked;
  private final Consumer<ConsumerDeath> onDeath;
  private final ConsumerMeter meter = new ConsumerMeter();
  private final Thread thread;
  private final RingBuffer<Place<C, R>> ring;
  private final SequenceBarrier barrier;
  private final Sequence handled = new Sequence();
  private final Semaphore places;
  private final ReleaseRequests requests;
  private final List<Reply<R>> batch = new ArrayList<>(LONGEST_BATCH);
  private volatile boolean closed = true;

  /// @param onDeath told if the thread ends by an error
  Shard(
      LogSpec<C> spec,
      int number,
      CommandHandler<C, R> handler,
      FailureHandling failures,
      Consumer<ConsumerDeath> onDeath) {
    this.onDeath = onDeath;
    this.spec = spec;
    this.log = spec.name();
    this.number = number;
    this.handler = handler;
    Signal signal = new Signal();
    this.recovery = new Recovery(log + "-" + number, failures, meter, signal);
    this.parked = new ParkedKeys<>(spec, log, failures, recovery, meter);
    this.requests = new ReleaseRequests(log);
    this.ring =
        RingBuffer.createMultiProducer(
            Place::new, spec.capacity(), new ParkingWaitStrategy(signal));
    this.ring.addGatingSequences(handled);
    this.barrier = ring.newBarrier();
    this.places = new Semaphore(spec.capacity(), true);
    this.thread = Thread.ofPlatform().daemon().name(log + "-" + number).unstarted(this::run);
  }

  // --- what writers call

  boolean isParked(String key) {
    return parked.isParked(key);
  }

  ParkedException parked(String key) {
    return new ParkedException(log, key, parked.why(key));
  }

  /// @param waits counts the wait if there is one
  void submit(C command, String key, Reply<R> reply, Duration deadline, Waits waits)
      throws InterruptedException {
    if (!places.tryAcquire()) {
      if (closed) {
        throw new LogStoppedException(log);
      }
      long start = System.nanoTime();
      boolean placed = places.tryAcquire(deadline.toNanos(), TimeUnit.NANOSECONDS);
      waits.waited(System.nanoTime() - start);
      if (!placed) {
        throw new LogFullException(log, number, ring.getBufferSize(), deadline);
      }
    }
    if (closed) {
      places.release();
      throw new LogStoppedException(log);
    }
    long sequence = ring.next();
    ring.get(sequence).accepted = new Accepted<>(command, key, reply);
    ring.publish(sequence);
  }

  /// Told of each wait for a place.
  @FunctionalInterface
  interface Waits {
    void waited(long nanos);
  }

  // --- what the log calls

  /// Remembers what was parked of this shard's keys in an earlier run.
  void load(List<DeadLetter.Label> letters) {
    parked.load(letters, LogPosition.ORIGIN);
  }

  void start() {
    closed = false;
    requests.begin();
    thread.start();
  }

  /// Takes no more commands. Writers that wait for a place are refused as places come free.
  void close() {
    closed = true;
  }

  /// Waits, closed, until the last accepted command is handled.
  boolean awaitEmpty(long patienceNanos) throws InterruptedException {
    int all = ring.getBufferSize();
    boolean empty = places.tryAcquire(all, Math.max(0, patienceNanos), TimeUnit.NANOSECONDS);
    if (empty) {
      places.release(all);
    }
    return empty;
  }

  /// Ends the thread after the command that it is at.
  void halt() {
    recovery.halt();
    barrier.alert();
  }

  void join(Duration patience) throws InterruptedException {
    if (thread.getState() != Thread.State.NEW) {
      var _ = thread.join(patience);
    }
  }

  Reply<ReleaseResult> ask(String key, boolean discardFirst) {
    return requests.ask(key, discardFirst, barrier::alert);
  }

  long published() {
    return ring.getCursor() + 1;
  }

  long inRing() {
    return Math.max(0, ring.getCursor() - handled.get());
  }

  List<ParkedKey> parkedKeys() {
    return parked.list();
  }

  ConsumerFigures figures() {
    return meter.snapshot(thread.getName(), LogPosition.ORIGIN, inRing(), parked.keys());
  }

  // --- the shard's thread

  private void run() {
    @Nullable Throwable died = null;
    try {
      loop();
      meter.state(ConsumerFigures.State.STOPPED);
    } catch (Throwable t) {
      // The top of a thread: an error of the virtual machine, or a defect here.
      died = t;
      meter.state(ConsumerFigures.State.FAILED);
      LOG.log(Level.ERROR, thread.getName() + " has ended and takes no more commands", t);
    } finally {
      try {
        batch.forEach(reply -> reply.fail(new LogStoppedException(log)));
        refuseTheRest();
        requests.end();
      } finally {
        if (died != null) {
          onDeath.accept(new ConsumerDeath(log, thread.getName(), died));
        }
      }
    }
  }

  private void loop() throws TimeoutException {
    long next = 0;
    int spins = 0;
    while (!recovery.isHalted()) {
      try {
        meter.state(ConsumerFigures.State.IDLE);
        long available = barrier.waitFor(next);
        if (available < next) {
          // Claimed, about to be published: at once, unless its writer was preempted just there.
          if (++spins < LONGEST_SPIN) {
            Thread.onSpinWait();
          } else {
            LockSupport.parkNanos(PAUSE_NANOS);
          }
          continue;
        }
        spins = 0;
        meter.state(ConsumerFigures.State.BUSY);
        next += handleBatch(next, Math.min(available, next + LONGEST_BATCH - 1));
      } catch (AlertException _) {
        barrier.clearAlert();
        requests.serve(this::release);
      } catch (InterruptedException e) {
        LOG.log(Level.DEBUG, "left over from a handler", e);
      }
    }
  }

  /// @return how many commands were taken: fewer than there were if the shard was halted meanwhile
  private int handleBatch(long from, long to) {
    long start = System.nanoTime();
    int taken = 0;
    try {
      while (from + taken <= to && !recovery.isHalted()) {
        Accepted<C, R> accepted = take(from + taken);
        taken++;
        handle(accepted);
      }
      endOfBatch();
      batch.clear();
    } finally {
      handled.set(from + taken - 1);
      places.release(taken);
      meter.batch(taken, System.nanoTime() - start);
    }
    return taken;
  }

  private Accepted<C, R> take(long sequence) {
    Place<C, R> place = ring.get(sequence);
    Accepted<C, R> accepted = place.accepted;
    if (accepted == null) {
      throw new IllegalStateException(thread.getName() + ": nothing in place " + sequence);
    }
    place.accepted = null;
    return accepted;
  }

  private void handle(Accepted<C, R> accepted) {
    batch.add(accepted.reply());
    String key = accepted.key();
    if (parked.isParked(key)) {
      accepted.reply().fail(parked(key));
      return;
    }
    Exception failure = tryOnce(accepted);
    if (failure != null && !accepted.reply().isDone() && !recovery.isUnavailable(failure)) {
      failure = tryOnce(accepted);
    }
    if (failure == null) {
      return;
    }
    if (recovery.isUnavailable(failure) || !parked.hasRoom()) {
      accepted.reply().fail(Recovery.unchecked(failure));
      return;
    }
    try {
      parked.park(key, LogPosition.ORIGIN, accepted.command(), failure);
      ParkedException answer = parked(key);
      answer.initCause(failure);
      accepted.reply().fail(answer);
    } catch (AlertException _) {
      accepted.reply().fail(new LogStoppedException(log));
    }
  }

  private @Nullable Exception tryOnce(Accepted<C, R> accepted) {
    return recovery.attempt(() -> handler.handle(accepted.command(), accepted.reply()));
  }

  private void endOfBatch() {
    Exception failure = recovery.attempt(handler::endOfBatch);
    if (failure != null) {
      failure = recovery.attempt(handler::endOfBatch);
    }
    if (failure != null) {
      LOG.log(Level.ERROR, thread.getName() + ": the end of a batch failed", failure);
      RuntimeException answer = Recovery.unchecked(failure);
      batch.forEach(reply -> reply.fail(answer));
    }
  }

  private ReleaseResult release(String key, boolean discardFirst) throws Exception {
    return parked.release(
        key,
        discardFirst,
        letter -> {
          if (letter.entry().version() == EncodedEntry.TEXT) {
            throw new IllegalStateException(
                "of this command only a text is left; it can be discarded");
          }
          handler.handle(letter.entry().decode(spec.codec()), Reply.pending());
          handler.endOfBatch();
        });
  }

  /// Answers what was accepted but will not be handled, until no writer holds a place any more.
  private void refuseTheRest() {
    closed = true;
    while (places.availablePermits() < ring.getBufferSize()) {
      long next = handled.get() + 1;
      if (ring.isAvailable(next)) {
        Reply<R> reply = take(next).reply();
        handled.set(next);
        places.release();
        reply.fail(new LogStoppedException(log));
      } else {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }
}
