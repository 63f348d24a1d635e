package org.hearth.server.http.connection;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.upkeep.Upkeep;

/// Ends what takes too long to arrive: headers and bodies that are sent a byte at a time.
///
/// A time-out of the socket is about one read; a sender that drips never runs into it. Here a
/// request's thread says by when it wants to be done with reading; one thread looks twice a second
/// for those that are late and interrupts them, which closes the socket that a virtual thread reads
/// from. Threads are interrupted only while they read from their clients, never while they use the
/// database.
///
/// **thread**: any; one platform thread does the looking.
public final class Deadlines implements AutoCloseable {
  private static final Duration PERIOD = Duration.ofMillis(500);

  private final Set<Deadline> pending = ConcurrentHashMap.newKeySet();
  private final Upkeep watch = new Upkeep("http-deadlines");

  /// Looks from now on, until it is closed.
  public Deadlines() {
    watch.every(PERIOD, PERIOD, "requests that are late could not be ended", this::look);
  }

  /// The calling thread wants to be done with reading in that time.
  public Deadline within(Duration time) {
    Deadline deadline = new Deadline(Thread.currentThread(), System.nanoTime() + time.toNanos());
    pending.add(deadline);
    return deadline;
  }

  private void look() {
    long now = System.nanoTime();
    pending.forEach(deadline -> deadline.checkAt(now));
  }

  @Override
  public void close() {
    watch.end();
  }

  private enum State {
    RUNNING,
    MET,
    INTERRUPTING,
    INTERRUPTED
  }

  /// A time by which a thread wants to be done.
  public final class Deadline implements AutoCloseable {
    private final Thread reader;
    private final long atNanos;
    private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);

    private Deadline(Thread reader, long atNanos) {
      this.reader = reader;
      this.atNanos = atNanos;
    }

    private void checkAt(long now) {
      if (now - atNanos >= 0) {
        expire();
      }
    }

    /// The thread is to be done now, whatever time it has left.
    public void expire() {
      if (state.compareAndSet(State.RUNNING, State.INTERRUPTING)) {
        reader.interrupt();
        state.set(State.INTERRUPTED);
      }
    }

    /// The thread is done: it will not be interrupted any more. An interrupt that is under way has
    /// come when this returns.
    ///
    /// @return false if it was too late
    public boolean met() {
      pending.remove(this);
      if (state.compareAndSet(State.RUNNING, State.MET)) {
        return true;
      }
      while (state.get() == State.INTERRUPTING) {
        Thread.onSpinWait();
      }
      return false;
    }

    @Override
    public void close() {
      met();
    }
  }
}
