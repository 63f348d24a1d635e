package org.hearth.server.outbound.federation;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.hearth.server.outbound.BodyReader;

/// The memory of all answers that are being read and made into trees, of whatever servers: each is
/// within its request's limits, and there may be hundreds at a time.
///
/// An answer takes of it what it grows to, while it grows: who has sent little holds little. What
/// is short takes nothing, so that short answers come while others use up all.
///
/// **bound**: [#MOST_BYTES] together; beside them [#FREE_BYTES] an answer, of which there are as
/// many as there are connections, and [#FREE_TREE_BYTES] for each that is being made into a tree.
/// Who finds no place within [#PATIENCE] has no answer.
///
/// **thread**: any.
final class AnswerMemory {
  /// The longest answer that is asked for, with its tree.
  static final long MOST_BYTES = 128L << 20;

  static final int FREE_BYTES = 64 << 10;
  static final int FREE_TREE_BYTES = 1 << 20;
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final int FIRST_BYTES = 8 << 10;

  /// A unit of the semaphore.
  private static final int UNIT = 1 << 10;

  private final Semaphore units;
  private final Duration patience;

  AnswerMemory() {
    this(MOST_BYTES, PATIENCE);
  }

  /// @param bytes all together
  /// @param patience how long one waits for its place
  AnswerMemory(long bytes, Duration patience) {
    this.units = new Semaphore((int) (bytes / UNIT));
    this.patience = patience;
  }

  /// The place of one answer.
  Share share() {
    return new Share();
  }

  /// What nobody holds.
  long free() {
    return (long) units.availablePermits() * UNIT;
  }

  /// The place of one answer, from when it is asked for until it is a tree.
  ///
  /// **thread**: [#read] that of the request, the rest whoever sent it; it may be closed while the
  /// other still reads.
  final class Share implements BodyReader, AutoCloseable {
    private byte[] body = new byte[0];
    private boolean full;
    private int held;
    private boolean closed;

    private Share() {}

    @Override
    public void read(InputStream in) throws IOException {
      byte[] buffer = new byte[FIRST_BYTES];
      int length = 0;
      for (int count = in.read(buffer, 0, FIRST_BYTES);
          count >= 0;
          count = in.read(buffer, length, buffer.length - length)) {
        length += count;
        if (length == buffer.length) {
          int larger = 2 * length;
          if (larger > FREE_BYTES && !take(length)) {
            full = true;
            return;
          }
          buffer = Arrays.copyOf(buffer, larger);
        }
      }
      body = Arrays.copyOf(buffer, length);
    }

    /// What was read.
    byte[] body() {
      return body;
    }

    /// Whether there was no place for all of it.
    boolean isFull() {
      return full;
    }

    /// Whether there is place for the tree of it.
    ///
    /// @param bytes about what it takes
    boolean mayGrow(long bytes) {
      return bytes <= FREE_TREE_BYTES || take(bytes);
    }

    private boolean take(long bytes) {
      int more = (int) ((bytes + UNIT - 1) / UNIT);
      try {
        return units.tryAcquire(more, patience.toMillis(), TimeUnit.MILLISECONDS) && hold(more);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    /// Who sent the request may have given up meanwhile.
    private synchronized boolean hold(int more) {
      if (closed) {
        units.release(more);
      } else {
        held += more;
      }
      return !closed;
    }

    @Override
    public synchronized void close() {
      closed = true;
      units.release(held);
      held = 0;
    }
  }
}
