package org.hearth.server.http;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.MatrixJson;

/// Bounds the memory that the bodies of requests take, from their first byte until they are
/// answered, or sleep until there is something to answer: the bytes, and what becomes of them when
/// they are read as JSON, which may be thirty times as much.
///
/// Bytes are counted as they arrive, and one that finds no room refuses its request: to wait would
/// hold what is there already. Before a body is read as JSON it waits for room, which comes when
/// others are answered. Of both, one user has a quarter at most, so that nobody takes the room of
/// all.
///
/// **thread**: any.
final class BodyMemory {
  /// Of the bytes that have arrived. In a heap of 512 MiB that leaves room for everything else.
  static final long MOST_ARRIVED = 32L << 20;

  /// Of what is read as JSON, by [MatrixJson#treeBytes(byte[])].
  static final long MOST_READ = 64L << 20;

  /// The part of each that one user, or one address of who is none, may have.
  private static final int SHARE = 4;

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final Room arrived;
  private final Room read;

  BodyMemory() {
    this(MOST_ARRIVED, MOST_READ, PATIENCE);
  }

  BodyMemory(long mostArrived, long mostRead, Duration patience) {
    this.arrived = new Room(mostArrived, patience);
    this.read = new Room(mostRead, patience);
  }

  /// What the body of one request takes. It is given back when this is closed.
  ///
  /// @param asker the user, or the address of who is none
  Taken of(String asker) {
    return new Taken(asker);
  }

  /// The part of one request. **thread**: the request's own.
  final class Taken implements AutoCloseable {
    private final String asker;
    private long bytes;
    private long treeBytes;

    private Taken(String asker) {
      this.asker = asker;
    }

    /// So many bytes of the body are about to arrive.
    ///
    /// @throws MatrixException `M_LIMIT_EXCEEDED` if there is no room for them
    void arriving(int count) {
      if (!arrived.take(asker, count)) {
        throw MatrixException.limitExceeded(RETRY_AFTER);
      }
      bytes += count;
    }

    /// The same of a piece in the place of the one before, which is not needed any more.
    ///
    /// @throws MatrixException `M_LIMIT_EXCEEDED` if there is no room for it
    void replacing(int count) {
      arrived.giveBack(asker, bytes);
      bytes = 0;
      arriving(count);
    }

    /// Waits for room to read the body as JSON.
    ///
    /// @throws MatrixException `M_LIMIT_EXCEEDED` if there was none for long
    void awaitRoomFor(byte[] json) throws InterruptedException {
      // What is larger than a share has it alone: it would wait for ever otherwise.
      long wanted = json.length == 0 ? 0 : Math.min(MatrixJson.treeBytes(json), read.mostOfOne());
      if (!read.await(asker, wanted)) {
        throw MatrixException.limitExceeded(RETRY_AFTER);
      }
      treeBytes += wanted;
    }

    @Override
    public void close() {
      arrived.giveBack(asker, bytes);
      read.giveBack(asker, treeBytes);
      bytes = 0;
      treeBytes = 0;
    }
  }

  /// So many bytes for all, and a share of them for each.
  private static final class Room {
    private final long most;
    private final long patienceNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition given = lock.newCondition();

    /// Of those who have any.
    private final Map<String, Long> byAsker = new HashMap<>();

    private long taken;

    Room(long most, Duration patience) {
      this.most = most;
      this.patienceNanos = patience.toNanos();
    }

    long mostOfOne() {
      return most / SHARE;
    }

    boolean take(String asker, long bytes) {
      lock.lock();
      try {
        if (!isFree(asker, bytes)) {
          return false;
        }
        enter(asker, bytes);
        return true;
      } finally {
        lock.unlock();
      }
    }

    boolean await(String asker, long bytes) throws InterruptedException {
      lock.lock();
      try {
        long left = patienceNanos;
        while (!isFree(asker, bytes)) {
          if (left <= 0) {
            return false;
          }
          left = given.awaitNanos(left);
        }
        enter(asker, bytes);
        return true;
      } finally {
        lock.unlock();
      }
    }

    private boolean isFree(String asker, long bytes) {
      return bytes == 0
          || (taken + bytes <= most && byAsker.getOrDefault(asker, 0L) + bytes <= mostOfOne());
    }

    private void enter(String asker, long bytes) {
      if (bytes > 0) {
        taken += bytes;
        byAsker.merge(asker, bytes, Long::sum);
      }
    }

    void giveBack(String asker, long bytes) {
      if (bytes == 0) {
        return;
      }
      lock.lock();
      try {
        taken -= bytes;
        byAsker.computeIfPresent(asker, (_, had) -> had == bytes ? null : had - bytes);
        given.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
