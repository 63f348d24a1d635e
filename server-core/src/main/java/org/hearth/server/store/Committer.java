package org.hearth.server.store;

import com.lmax.disruptor.BatchEventProcessor;
import com.lmax.disruptor.BatchEventProcessorBuilder;
import com.lmax.disruptor.BlockingWaitStrategy;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.ExceptionHandler;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.ReplyTimeoutException;
import org.hearth.server.store.StorageException.Reason;
import org.jspecify.annotations.Nullable;

/// The one writer of the database: gathers units of work and commits many at once.
///
/// This class is the ring and its thread; [GroupCommit] is what happens to the units on it.
///
/// **Thread**: any may submit.
public final class Committer {
  private static final System.Logger LOG = System.getLogger(Committer.class.getName());
  static final int CAPACITY = 1024;
  private static final long FULL_PAUSE_NANOS = 50_000;

  /// How long a writer waits for a place in the ring, and again for the commit.
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final class Slot {
    private @Nullable UnitOfWork unit;
  }

  private final RingBuffer<Slot> ring =
      RingBuffer.createMultiProducer(Slot::new, CAPACITY, new BlockingWaitStrategy());
  private final GroupCommit groupCommit;
  private final Duration patience;
  private final BatchEventProcessor<Slot> processor;
  private final Thread thread;
  private final AtomicInteger submitting = new AtomicInteger();
  private final LongAdder waits = new LongAdder();

  /// Units that were taken, by the name of the box. There are as many as boxes.
  private final Map<String, LongAdder> taken = new ConcurrentHashMap<>();

  private volatile boolean closed;

  /// Nobody takes units from the ring any more. Set before the last look at it, so that none is
  /// left behind.
  private volatile boolean ended;

  /// @param patience how long a writer waits for a place in the ring, and again for the commit
  Committer(GroupCommit groupCommit, Health health, Duration patience) {
    this.groupCommit = groupCommit;
    this.patience = patience;
    EventHandler<Slot> handler =
        (slot, _, endOfBatch) -> {
          take(slot);
          if (endOfBatch || groupCommit.isFull()) {
            groupCommit.commit();
          }
        };
    processor =
        new BatchEventProcessorBuilder()
            .setMaxBatchSize(GroupCommit.MOST_UNITS)
            .build(ring, ring.newBarrier(), handler);
    processor.setExceptionHandler(new LastResort());
    ring.addGatingSequences(processor.getSequence());
    thread = VitalThread.of("committer", health, processor, this::refuseTheRest);
  }

  void start() {
    thread.start();
  }

  /// The unit stays in its slot until the batch has it.
  private void take(Slot slot) {
    UnitOfWork unit = slot.unit;
    if (unit != null) {
      groupCommit.add(unit);
      slot.unit = null;
    }
  }

  /// Hands over a unit; its [Outcome] hears what became of it. Waits while the ring is full. Units
  /// of one thread are committed in the order in which it hands them over.
  ///
  /// While the store is not open, units are still taken, and fail: so an owner learns of it in
  /// order.
  ///
  /// @throws StorageException the unit was not taken: [StorageException.Reason#CLOSED] if the store
  ///   is closed, [StorageException.Reason#FAILED] if the committer's thread has ended,
  ///   [StorageException.Reason#BUSY] if the ring stays full for [#PATIENCE]
  public void submit(UnitOfWork unit) {
    submitting.incrementAndGet();
    try {
      long sequence = nextSequence();
      ring.get(sequence).unit = unit;
      ring.publish(sequence);
      taken.computeIfAbsent(unit.owner().box(), _ -> new LongAdder()).increment();
    } finally {
      submitting.decrementAndGet();
    }
  }

  private long nextSequence() {
    long begun = System.nanoTime();
    boolean waited = false;
    while (true) {
      if (closed) {
        throw new StorageException(Reason.CLOSED, "the store is closed");
      }
      if (ended) {
        throw new StorageException(Reason.FAILED, "the committer has ended");
      }
      try {
        return ring.tryNext();
      } catch (InsufficientCapacityException _) {
        if (!waited) {
          waits.increment();
          waited = true;
        } else if (System.nanoTime() - begun > patience.toNanos()) {
          throw new StorageException(
              Reason.BUSY, "%d units are waiting to be committed".formatted(CAPACITY));
        }
        LockSupport.parkNanos(FULL_PAUSE_NANOS);
      }
    }
  }

  /// Hands over a unit and waits until it is committed. The unit's own outcome hears of it first.
  /// Never call this on the thread of a log's consumer that the committer could wait for, nor in an
  /// [Outcome].
  ///
  /// @return the unit's first position; of a unit that takes none, the last position given before
  ///   it
  /// @throws StorageException if it is not committed; [StorageException.Reason#BUSY] if the answer
  ///   did not come within [#PATIENCE] or the waiting thread was interrupted, and then it may have
  ///   been committed, or may still be
  public LogPosition commit(UnitOfWork unit) {
    Reply<LogPosition> reply = Reply.pending();
    submit(
        new UnitOfWork(
            unit.owner(),
            unit.generation(),
            unit.changes(),
            unit.positions(),
            unit.announcements(),
            Outcome.both(unit.outcome(), Outcome.of(reply::complete, reply::fail))));
    try {
      return reply.await(patience);
    } catch (ReplyTimeoutException e) {
      throw new StorageException(
          Reason.BUSY,
          "a unit of %s has not been committed within %s".formatted(unit.owner(), patience),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageException(
          Reason.BUSY, "interrupted while a unit of " + unit.owner() + " was being committed", e);
    }
  }

  /// Commits changes that stand alone.
  ///
  /// @param owner the box: it is named in errors and in the figures
  /// @see #commit(UnitOfWork)
  public LogPosition commit(
      String owner, List<RowChange> changes, List<Announcement<?>> announcements) {
    return commit(UnitOfWork.alone(owner, changes, announcements));
  }

  /// Makes the committer's thread look at the database again, though nobody has anything to commit.
  void nudge() {
    try {
      submit(UnitOfWork.alone("store", List.of(), List.of()));
    } catch (StorageException e) {
      LOG.log(Level.DEBUG, "not nudged: {0}", e.getMessage());
    }
  }

  Map<String, Long> taken() {
    Map<String, Long> counts = new HashMap<>();
    taken.forEach((box, count) -> counts.put(box, count.sum()));
    return counts;
  }

  /// How many units were dealt with: also those that failed, and those that changed nothing.
  long handled() {
    return processor.getSequence().get() + 1;
  }

  int queued() {
    return (int) (ring.getCursor() - processor.getSequence().get());
  }

  long waits() {
    return waits.sum();
  }

  /// Takes no more units, commits those that it has, and ends the thread. Waits [#PATIENCE] for the
  /// ring to become empty, and again for the last commit. A thread that does not end within that is
  /// left behind with its connection: the disk does not answer it.
  void drainAndStop() {
    closed = true;
    long begun = System.nanoTime();
    while ((submitting.get() > 0 || (thread.isAlive() && queued() > 0))
        && System.nanoTime() - begun < patience.toNanos()) {
      LockSupport.parkNanos(FULL_PAUSE_NANOS);
    }
    processor.halt();
    if (awaitEnd()) {
      groupCommit.close();
    } else {
      LOG.log(Level.ERROR, "the last commit has not ended within {0}", patience);
    }
  }

  /// @return whether the thread has ended
  private boolean awaitEnd() {
    long begun = System.nanoTime();
    boolean interrupted = false;
    long left = patience.toNanos();
    while (thread.isAlive() && left > 0) {
      try {
        var _ = thread.join(Duration.ofNanos(left));
      } catch (InterruptedException _) {
        interrupted = true;
      }
      left = patience.toNanos() - (System.nanoTime() - begun);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return !thread.isAlive();
  }

  /// Answers what no thread will commit, until no writer is on its way to the ring.
  private void refuseTheRest() {
    ended = true;
    groupCommit.refuse();
    while (submitting.get() > 0 || queued() > 0) {
      long next = processor.getSequence().get() + 1;
      if (ring.isAvailable(next)) {
        take(ring.get(next));
        processor.getSequence().set(next);
        groupCommit.refuse();
      } else {
        LockSupport.parkNanos(FULL_PAUSE_NANOS);
      }
    }
  }

  /// Hears of what [GroupCommit] does not handle: an [Error], or a defect, for it handles every
  /// fault of the database. The thread goes on, and every unit fails from then on.
  private final class LastResort implements ExceptionHandler<Slot> {
    @Override
    public void handleEventException(Throwable defect, long sequence, @Nullable Slot slot) {
      if (slot != null) {
        take(slot);
      }
      groupCommit.defect(defect);
    }

    @Override
    public void handleOnStartException(Throwable defect) {
      groupCommit.defect(defect);
    }

    @Override
    public void handleOnShutdownException(Throwable defect) {
      groupCommit.defect(defect);
    }
  }
}
