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
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
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
  private static final Duration FOR_AS_LONG_AS_IT_TAKES = Duration.ofDays(1);

  private static final class Slot {
    private @Nullable UnitOfWork unit;
  }

  private final RingBuffer<Slot> ring =
      RingBuffer.createMultiProducer(Slot::new, CAPACITY, new BlockingWaitStrategy());
  private final GroupCommit groupCommit;
  private final BatchEventProcessor<Slot> processor;
  private final Thread thread;
  private final AtomicInteger submitting = new AtomicInteger();
  private final LongAdder waits = new LongAdder();
  private volatile boolean closed;

  Committer(GroupCommit groupCommit) {
    this.groupCommit = groupCommit;
    EventHandler<Slot> handler =
        (slot, _, endOfBatch) -> {
          UnitOfWork unit = slot.unit;
          slot.unit = null;
          if (unit != null) {
            groupCommit.add(unit);
          }
          if (endOfBatch) {
            groupCommit.commit();
          }
        };
    processor =
        new BatchEventProcessorBuilder()
            .setMaxBatchSize(GroupCommit.MOST_UNITS)
            .build(ring, ring.newBarrier(), handler);
    processor.setExceptionHandler(new LastResort(groupCommit));
    ring.addGatingSequences(processor.getSequence());
    thread = Thread.ofPlatform().name("committer").unstarted(processor);
  }

  void start() {
    thread.start();
  }

  /// Hands over a unit; its [Outcome] hears what became of it. Waits while the ring is full. Units
  /// of one thread are committed in the order in which it hands them over.
  ///
  /// While the store is not open, units are still taken, and fail: so an owner learns of it in
  /// order.
  ///
  /// @throws StorageException [StorageException.Reason#CLOSED] if the store is closed: the unit was
  ///   not taken
  public void submit(UnitOfWork unit) {
    submitting.incrementAndGet();
    try {
      long sequence = nextSequence();
      ring.get(sequence).unit = unit;
      ring.publish(sequence);
    } finally {
      submitting.decrementAndGet();
    }
  }

  private long nextSequence() {
    boolean waited = false;
    while (true) {
      if (closed) {
        throw new StorageException(StorageException.Reason.CLOSED, "the store is closed");
      }
      try {
        return ring.tryNext();
      } catch (InsufficientCapacityException _) {
        if (!waited) {
          waits.increment();
          waited = true;
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
  /// @throws StorageException if it is not committed; [StorageException.Reason#BUSY] if the waiting
  ///   thread was interrupted, and then it may have been
  public LogPosition commit(UnitOfWork unit) {
    Reply<LogPosition> reply = Reply.pending();
    Outcome own = unit.outcome();
    submit(
        new UnitOfWork(
            unit.owner(),
            unit.generation(),
            unit.changes(),
            unit.positions(),
            unit.announcements(),
            Outcome.of(
                first -> {
                  try {
                    own.committed(first);
                  } finally {
                    reply.complete(first);
                  }
                },
                failure -> {
                  try {
                    own.failed(failure);
                  } finally {
                    reply.fail(failure);
                  }
                })));
    try {
      return reply.await(FOR_AS_LONG_AS_IT_TAKES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageException(
          StorageException.Reason.BUSY,
          "interrupted while a unit of " + unit.owner() + " was being committed",
          e);
    }
  }

  /// Commits changes that stand alone.
  ///
  /// @param owner who is named in an error
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

  int queued() {
    return (int) (ring.getCursor() - processor.getSequence().get());
  }

  long waits() {
    return waits.sum();
  }

  /// Takes no more units, commits those that it has, and ends the thread.
  void drainAndStop() {
    closed = true;
    boolean interrupted = false;
    while (submitting.get() > 0 || (thread.isAlive() && queued() > 0)) {
      LockSupport.parkNanos(FULL_PAUSE_NANOS);
    }
    processor.halt();
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    groupCommit.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Hears of what [GroupCommit] does not handle: only defects, for it handles every fault of the
  /// database. The thread goes on, and every unit fails from then on.
  private record LastResort(GroupCommit groupCommit) implements ExceptionHandler<Slot> {
    @Override
    public void handleEventException(Throwable defect, long sequence, @Nullable Slot slot) {
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
