package org.hearth.server.http.connection;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

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
  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Set<Deadline> pending = ConcurrentHashMap.newKeySet();
  private final Thread watcher;
  private volatile boolean closed;

  /// Looks from now on, until it is closed.
  public Deadlines() {
    watcher = Thread.ofPlatform().daemon().name("http-deadlines").unstarted(this::watch);
    watcher.start();
  }

  /// The calling thread wants to be done with reading in that time.
  public Deadline within(Duration time) {
    Deadline deadline = new Deadline(Thread.currentThread(), System.nanoTime() + time.toNanos());
    pending.add(deadline);
    return deadline;
  }

  private void watch() {
    while (!closed) {
      if (pending.isEmpty()) {
        LockSupport.parkNanos(2 * PERIOD_NANOS);
      } else {
        long now = System.nanoTime();
        pending.forEach(deadline -> deadline.checkAt(now));
        LockSupport.parkNanos(PERIOD_NANOS);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(watcher);
  }

  /// A time by which a thread wants to be done.
  public final class Deadline implements AutoCloseable {
    private final Thread reader;
    private final long atNanos;
    private final AtomicBoolean over = new AtomicBoolean();

    private Deadline(Thread reader, long atNanos) {
      this.reader = reader;
      this.atNanos = atNanos;
    }

    private void checkAt(long now) {
      if (now - atNanos >= 0 && over.compareAndSet(false, true)) {
        reader.interrupt();
      }
    }

    /// The thread is done: it will not be interrupted any more.
    ///
    /// @return false if it was too late
    public boolean met() {
      pending.remove(this);
      return over.compareAndSet(false, true);
    }

    @Override
    public void close() {
      met();
    }
  }
}
