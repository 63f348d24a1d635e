package org.hearth.server.http.connection;

import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What a client sends, on its way to the parser: the head of a request in time, and the client's
/// leaving also while nobody reads.
///
/// **thread**: the connection's own. While it waits for something else than its client, a second
/// one may read for it, at most [#MOST_AHEAD] bytes and a buffer ahead.
final class ConnectionInput implements Supplier<byte @Nullable []>, AutoCloseable {
  /// That of a client which has sent more is not noticed before the request is answered.
  static final int MOST_AHEAD = 4 << 10;

  private final Supplier<byte[]> socket;
  private final Deadlines deadlines;
  private final ConnectionLimits limits;
  private final Runnable onGone;

  /// Of the head that is awaited; null while a request is under way.
  private Deadlines.@Nullable Deadline deadline;

  private boolean idle;

  private final Object lock = new Object();

  /// What was read while nobody asked for it. Guarded by the lock, as what follows.
  private @Nullable ByteArrayOutputStream ahead;

  /// Whether the second thread reads.
  private boolean reading;

  /// Whether it is to go on with that.
  private boolean watched;

  /// Whether it has come to the end, and by what failure.
  private boolean gone;

  private @Nullable RuntimeException failure;

  /// @param socket gives what the client has sent next; nothing at its end
  /// @param onGone what to do when the client is gone while nobody reads; quick
  ConnectionInput(
      Supplier<byte[]> socket, Deadlines deadlines, ConnectionLimits limits, Runnable onGone) {
    this.socket = socket;
    this.deadlines = deadlines;
    this.limits = limits;
    this.onGone = onGone;
    this.deadline = deadlines.within(limits.headTime());
  }

  @Override
  public byte @Nullable [] get() {
    byte[] bytes = next();
    if (bytes == null && deadline != null) {
      // Helidon would take it for a defect of its own where it is in the middle of a head.
      throw new CloseConnectionException("The client went away before its request was there");
    }
    if (idle) {
      idle = false;
      restart(limits.headTime());
    }
    return bytes;
  }

  /// A request's head is there.
  void headEnded() {
    idle = false;
    restart(null);
  }

  /// A request is answered: the next one may take its time to begin.
  void requestEnded() {
    synchronized (lock) {
      watched = false;
    }
    idle = true;
    restart(limits.idle());
  }

  private void restart(java.time.@Nullable Duration time) {
    if (deadline != null && !deadline.met()) {
      throw new CloseConnectionException("The request did not begin or arrive in time");
    }
    deadline = time == null ? null : deadlines.within(time);
  }

  private byte @Nullable [] next() {
    synchronized (lock) {
      watched = false;
      try {
        while (reading && ahead == null) {
          lock.wait();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CloseConnectionException("The client did not go on in time", e);
      }
      if (ahead != null) {
        byte[] bytes = ahead.toByteArray();
        ahead = null;
        return bytes;
      }
      if (failure != null) {
        throw new CloseConnectionException("The connection is broken", failure);
      }
      if (gone) {
        return null;
      }
    }
    return read();
  }

  private byte @Nullable [] read() {
    try {
      byte[] bytes = socket.get();
      return bytes == null || bytes.length == 0 ? null : bytes;
    } catch (UncheckedIOException e) {
      throw new ServerConnectionException("The connection is broken", e);
    }
  }

  /// From now on it is noticed when the client goes away, until the request is answered.
  void watch() {
    synchronized (lock) {
      watched = true;
      if (!reading && !gone && mayRead()) {
        reading = true;
        Thread.ofVirtual().name("http-watch").start(this::readAhead);
      }
    }
  }

  /// Whatever ends this thread, an error too: who waits for it goes on.
  private void readAhead() {
    RuntimeException by = null;
    boolean over = true;
    try {
      byte[] bytes = read();
      while (bytes != null && keep(bytes)) {
        bytes = read();
      }
      over = bytes == null;
    } catch (RuntimeException e) {
      by = e;
    } finally {
      if (over) {
        end(by);
      }
    }
  }

  /// @return whether to read on
  private boolean keep(byte[] bytes) {
    synchronized (lock) {
      if (ahead == null) {
        ahead = new ByteArrayOutputStream(bytes.length);
      }
      ahead.writeBytes(bytes);
      reading = mayRead();
      lock.notifyAll();
      return reading;
    }
  }

  private boolean mayRead() {
    return watched && (ahead == null || ahead.size() < MOST_AHEAD);
  }

  private void end(@Nullable RuntimeException by) {
    synchronized (lock) {
      failure = by;
      gone = true;
      reading = false;
      lock.notifyAll();
    }
    onGone.run();
  }

  @Override
  public void close() {
    if (deadline != null) {
      deadline.close();
    }
  }
}
