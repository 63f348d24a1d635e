package org.hearth.server.http;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.MatrixJson;
import org.jspecify.annotations.Nullable;

/// Bounds the memory that the bodies of requests take, from their first byte until they are
/// answered, or sleep until there is something to answer: the bytes, and what becomes of them when
/// they are read as JSON, which may be thirty times as much.
///
/// Bytes are counted when they arrive, and one that finds no room refuses its request: to wait
/// would hold what is there already. Before a body is read as JSON it waits for room, which comes
/// when others are answered. Of both, one user has a quarter at most, one address with all its
/// users a half, so that nobody takes the room of all. Strangers together have a half, and those
/// who say that they are another server a half, of which a quarter is for those of whom nothing
/// speaks for it; all these together have three quarters. So a quarter is left for users, for
/// logins and for servers that are known, each, whatever all others do.
///
/// A body that comes slowly stays as long as nobody else needs its room. Once somebody does, of
/// those that have used up their time the one that has been late for longest is ended. Each byte
/// earns time, up to [#GRACE].
///
/// **thread**: any.
final class BodyMemory {
  /// Of the bytes that have arrived. In a heap of 512 MiB that leaves room for everything else.
  static final long MOST_ARRIVED = 32L << 20;

  /// Of what is read as JSON, by [MatrixJson#treeBytes(byte[])].
  static final long MOST_READ = 64L << 20;

  /// How long nothing need come while somebody else needs the room. What comes at
  /// [StreamedAnswer.AnswerTime#LEAST_BYTES_PER_SECOND] has that time for ever.
  static final Duration GRACE = Duration.ofSeconds(2);

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  /// Those who share a part of the room.
  private enum Group {
    /// One user, or one address of who is none.
    ASKER(1),
    ADDRESS(2),
    CLAIMS(1),
    STRANGERS(2),
    SERVERS(2),
    UNSHOWN(3),
    ALL(4);

    private final int quarters;

    Group(int quarters) {
      this.quarters = quarters;
    }

    long of(long most) {
      return most / 4 * quarters;
    }
  }

  /// Whether a sender has shown who it is.
  enum Standing {
    /// A user whose token is good.
    SHOWN,

    /// Somebody who says that they are a server that has shown from the same address who it is.
    LIKELY,

    /// Somebody without a token.
    STRANGER,

    /// Somebody who says that they are a server.
    CLAIMED;

    private List<Sharing> shares() {
      return switch (this) {
        case SHOWN -> List.of();
        case LIKELY -> List.of(SERVERS, UNSHOWN);
        case STRANGER -> List.of(STRANGERS, UNSHOWN);
        case CLAIMED -> List.of(CLAIMS, STRANGERS, SERVERS, UNSHOWN);
      };
    }
  }

  private record Sharing(Group group, String whose) {}

  private static final Sharing ALL = new Sharing(Group.ALL, "");
  private static final Sharing STRANGERS = new Sharing(Group.STRANGERS, "");
  private static final Sharing CLAIMS = new Sharing(Group.CLAIMS, "");
  private static final Sharing SERVERS = new Sharing(Group.SERVERS, "");
  private static final Sharing UNSHOWN = new Sharing(Group.UNSHOWN, "");

  private final Room arrived;
  private final Room read;
  private final long patienceNanos;
  private final LongSupplier nanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition given = lock.newCondition();

  /// Those who wait for their clients now.
  private final Set<Taken> waiting = new HashSet<>();

  BodyMemory() {
    this(MOST_ARRIVED, MOST_READ, PATIENCE, System::nanoTime);
  }

  /// @param nanos a time that only goes on
  BodyMemory(long mostArrived, long mostRead, Duration patience, LongSupplier nanos) {
    this.arrived = new Room(mostArrived);
    this.read = new Room(mostRead);
    this.patienceNanos = patience.toNanos();
    this.nanos = nanos;
  }

  /// What the body of one request takes. It is given back when this is closed.
  ///
  /// @param asker the user, or the address of who is none
  /// @param address as it is counted
  Taken of(String asker, String address, Standing standing) {
    return new Taken(asker, address, standing);
  }

  private Optional<Taken> slowest(Sharing sharing, Taken forWhom) {
    long now = nanos.getAsLong();
    return waiting.stream()
        .filter(each -> each != forWhom && each.bytes > 0 && each.shares.contains(sharing))
        .filter(each -> now - each.untilNanos > 0)
        .max(Comparator.comparingLong(each -> now - each.untilNanos));
  }

  /// The part of one request. **thread**: the request's own; guarded by the lock.
  final class Taken implements AutoCloseable {
    private final List<Sharing> shares = new ArrayList<>();
    private long bytes;
    private long treeBytes;

    /// What it may take beyond now, while the client is not waited for.
    private long leftNanos = GRACE.toNanos();

    /// When its time is used up, while the client is waited for.
    private long untilNanos;

    private @Nullable Runnable end;
    private boolean gaveWay;

    private Taken(String asker, String address, Standing standing) {
      shares.add(new Sharing(Group.ASKER, asker));
      shares.add(new Sharing(Group.ADDRESS, address));
      shares.addAll(standing.shares());
      shares.add(ALL);
    }

    /// The client is waited for from now on.
    ///
    /// @param whenInTheWay ends the waiting; quick
    void begins(Runnable whenInTheWay) {
      lock.lock();
      try {
        end = whenInTheWay;
        untilNanos = nanos.getAsLong() + leftNanos;
        waiting.add(this);
      } finally {
        lock.unlock();
      }
    }

    /// The client is not waited for any more.
    void rests() {
      lock.lock();
      try {
        if (waiting.remove(this)) {
          leftNanos = untilNanos - nanos.getAsLong();
        }
      } finally {
        lock.unlock();
      }
    }

    /// So many bytes have room here, now that the first of them has arrived.
    ///
    /// @throws MatrixException `M_LIMIT_EXCEEDED` if there is no room for them
    void arriving(int count) {
      lock.lock();
      try {
        if (gaveWay) {
          throw busy();
        }
        Optional<Sharing> full = arrived.full(shares, count);
        while (full.isPresent()) {
          slowest(full.get(), this).orElseThrow(BodyMemory::busy).giveWay();
          full = arrived.full(shares, count);
        }
        arrived.enter(shares, count);
        bytes += count;
        earn(count);
      } finally {
        lock.unlock();
      }
    }

    /// So many bytes have come, in the place of others.
    void replaced(int count) {
      lock.lock();
      try {
        earn(count);
      } finally {
        lock.unlock();
      }
    }

    /// The sender has shown who he is.
    void known() {
      lock.lock();
      try {
        List<Sharing> ofUnshown =
            shares.stream().filter(Standing.CLAIMED.shares()::contains).toList();
        shares.removeAll(ofUnshown);
        arrived.giveBack(ofUnshown, bytes);
        read.giveBack(ofUnshown, treeBytes);
        given.signalAll();
      } finally {
        lock.unlock();
      }
    }

    private void earn(int count) {
      long earned = StreamedAnswer.AnswerTime.nanosAtLeastRate(count);
      untilNanos = Math.min(nanos.getAsLong() + GRACE.toNanos(), untilNanos + earned);
    }

    /// Its room is free at once: what is there is dropped by a thread that has nothing else to do.
    private void giveWay() {
      gaveWay = true;
      waiting.remove(this);
      arrived.giveBack(shares, bytes);
      bytes = 0;
      if (end != null) {
        end.run();
      }
    }

    /// Waits for room to read the body as JSON.
    ///
    /// @throws MatrixException `M_LIMIT_EXCEEDED` if there was none for long, or the body has given
    ///   way
    void awaitRoomFor(byte[] json) throws InterruptedException {
      // What is larger than a share has it alone: it would wait for ever otherwise.
      long wanted =
          json.length == 0 ? 0 : Math.min(MatrixJson.treeBytes(json), Group.ASKER.of(read.most));
      lock.lock();
      try {
        if (gaveWay) {
          throw busy();
        }
        long left = patienceNanos;
        while (read.full(shares, wanted).isPresent()) {
          if (left <= 0) {
            throw busy();
          }
          left = given.awaitNanos(left);
        }
        read.enter(shares, wanted);
        treeBytes += wanted;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        waiting.remove(this);
        arrived.giveBack(shares, bytes);
        read.giveBack(shares, treeBytes);
        bytes = 0;
        treeBytes = 0;
        given.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private static MatrixException busy() {
    return MatrixException.limitExceeded(RETRY_AFTER);
  }

  /// So many bytes for all, and parts of them for each. Guarded by the lock.
  private static final class Room {
    private final long most;

    /// Of those who have any.
    private final Map<Sharing, Long> taken = new HashMap<>();

    Room(long most) {
      this.most = most;
    }

    /// The first share in which there is no room for so many bytes.
    Optional<Sharing> full(List<Sharing> shares, long bytes) {
      return shares.stream()
          .filter(each -> taken.getOrDefault(each, 0L) + bytes > each.group().of(most))
          .findFirst();
    }

    void enter(List<Sharing> shares, long bytes) {
      if (bytes > 0) {
        shares.forEach(each -> taken.merge(each, bytes, Long::sum));
      }
    }

    void giveBack(List<Sharing> shares, long bytes) {
      if (bytes > 0) {
        shares.forEach(
            each -> taken.computeIfPresent(each, (_, had) -> had == bytes ? null : had - bytes));
      }
    }
  }
}
