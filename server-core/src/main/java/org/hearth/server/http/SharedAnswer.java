package org.hearth.server.http;

import io.helidon.webserver.CloseConnectionException;
import java.lang.ref.SoftReference;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// An answer in the making, for those of the same device who ask for it again: each takes what was
/// made so far, and then every piece as it comes.
///
/// ```
///  maker ──add──► pieces ──next──► Joined ──► its client
///    └──────────────────────────────────────► its own client
/// ```
///
/// Its pieces are kept from the first one on as long as there is room. When there is none, nobody
/// joins any more, and a piece is kept until those who have joined have sent it; the maker waits
/// for them. When the maker's own client is gone, the maker goes on for them, and no further than
/// [#MOST_AHEAD] pieces before the quickest.
///
/// **bound**: [LargeAnswers#MOST_KEPT] for all answers, and one piece of each beyond it;
/// [#MOST_JOINED]. **thread**: one makes, each of the others takes. All is guarded by the lock,
/// which nobody holds while something is sent.
final class SharedAnswer {
  /// Who may join one answer; more wait for its end.
  static final int MOST_JOINED = 3;

  /// So many pieces are made before anybody takes them.
  static final int MOST_AHEAD = 8;

  /// How often who waits looks for a slow client that holds it up.
  static final Duration LOOK = Duration.ofMillis(500);

  /// A part of the body.
  ///
  /// @param bytes not to be changed; of others once the next piece is asked for
  /// @param length how many of them are its own
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Piece(byte[] bytes, int length, boolean last) {
    /// What of it stays when the next piece is asked for.
    byte[] copy() {
      return Arrays.copyOf(bytes, length);
    }
  }

  /// Room for the kept pieces of all answers. **thread**: with the lock.
  ///
  /// A piece lives too long for the young generation. So its array is used again: else the
  /// collector moves each piece to the old generation, and stops all threads for a full collection
  /// whenever that is full of them. What was not used for some minutes, the collector takes.
  static final class Room {
    private final long most;
    private final int usual;
    private SoftReference<Deque<byte[]>> unused = new SoftReference<>(new ArrayDeque<>());
    private long taken;

    /// @param usual the length of arrays that are used again, in which most pieces find room
    Room(long most, int usual) {
      this.most = most;
      this.usual = usual;
    }

    private boolean isLeftFor(int bytes) {
      return taken + Math.max(bytes, usual) <= most;
    }

    private Piece keep(byte[] bytes, int length, boolean last) {
      byte[] kept;
      if (length > usual) {
        kept = Arrays.copyOf(bytes, length);
      } else {
        byte @Nullable [] before = unused().poll();
        kept = before == null ? new byte[usual] : before;
        System.arraycopy(bytes, 0, kept, 0, length);
      }
      taken += kept.length;
      return new Piece(kept, length, last);
    }

    private void release(Piece piece) {
      byte[] bytes = piece.bytes();
      taken -= bytes.length;
      if (bytes.length == usual) {
        unused().push(bytes);
      }
    }

    private Deque<byte[]> unused() {
      @Nullable Deque<byte[]> here = unused.get();
      if (here == null) {
        here = new ArrayDeque<>();
        unused = new SoftReference<>(here);
      }
      return here;
    }

    /// How much of it is in use.
    long taken() {
      return taken;
    }
  }

  private enum State {
    MAKING,
    MADE,
    FAILED
  }

  private final ReentrantLock lock;
  private final Condition changed;
  private final Room room;
  private final long patienceNanos;
  private final Runnable onEnd;
  private final Taker maker;
  private final List<Joined> joined = new ArrayList<>();

  /// By their numbers.
  private final NavigableMap<Integer, Piece> pieces = new TreeMap<>();

  private State state = State.MAKING;
  private int made;

  /// Whether all pieces are here from the first one on.
  private boolean whole;

  private boolean makerIsGone;
  private boolean makerHasEnded;

  /// @param shared whether others may join
  /// @param patienceNanos how long a client may hold others up in all
  /// @param onEnd what to do, with the lock, when nobody has to do with it any more
  SharedAnswer(ReentrantLock lock, Room room, boolean shared, long patienceNanos, Runnable onEnd) {
    this.lock = lock;
    this.changed = lock.newCondition();
    this.room = room;
    this.whole = shared;
    this.patienceNanos = patienceNanos;
    this.onEnd = onEnd;
    this.maker = new Taker(lock);
  }

  /// Sends something to the maker's own client.
  void send(Runnable work) {
    maker.send(work);
  }

  /// Takes in somebody else. With the lock.
  ///
  /// @return null if that is not possible
  @Nullable Joined join() {
    if (state != State.MAKING || !whole || joined.size() == MOST_JOINED) {
      return null;
    }
    Joined other = new Joined();
    joined.add(other);
    return other;
  }

  /// Whether its end is near: each of its clients has been ended. With the lock.
  boolean givesWay() {
    return takers().allMatch(Taker::givesWay);
  }

  /// How long it has waited for the client that takes it fastest; zero while one of them waits for
  /// a piece. With the lock.
  long heldUpFor(long now) {
    return takers().mapToLong(each -> each.heldUpFor(now)).min().orElse(0);
  }

  /// Whether each of its clients has let it wait that long in all, and does now. With the lock.
  boolean isHeldUpFor(long nanos, long now) {
    List<Taker> all = takers().toList();
    return !all.isEmpty()
        && all.stream().allMatch(each -> each.isSending() && each.heldUpFor(now) >= nanos);
  }

  /// Ends all who take it. With the lock.
  void giveWay() {
    takers().forEach(Taker::giveWay);
  }

  private Stream<Taker> takers() {
    Stream<Taker> others = joined.stream().map(each -> each.taker);
    return makerIsGone ? others : Stream.concat(Stream.of(maker), others);
  }

  /// The next piece, for those who have joined or may join yet. Called by the maker, and without a
  /// turn, since it may wait for them.
  ///
  /// @param bytes to be used before the call returns only
  /// @throws CloseConnectionException if nobody takes the answer any more
  void add(byte[] bytes, int length, boolean last) throws InterruptedException {
    lock.lock();
    try {
      while (!hasRoomFor(length)) {
        if (changed.awaitNanos(LOOK.toNanos()) <= 0) {
          endWhoHoldsUpOthers();
        }
      }
      if (whole || !joined.isEmpty()) {
        pieces.put(made, room.keep(bytes, length, last));
      }
      made++;
      if (last) {
        state = State.MADE;
        keepNoMoreThanIsTaken();
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean hasRoomFor(int bytes) {
    if (joined.isEmpty()) {
      if (makerIsGone) {
        throw new CloseConnectionException("Nobody takes the answer any more");
      }
      if (!room.isLeftFor(bytes)) {
        keepNoMoreThanIsTaken();
      }
      return true;
    }
    if (makerIsGone && joined.stream().allMatch(each -> made - each.sent >= MOST_AHEAD)) {
      return false;
    }
    if (room.isLeftFor(bytes)) {
      return true;
    }
    keepNoMoreThanIsTaken();
    // One piece has room in any case: without it there would be no end.
    return room.isLeftFor(bytes) || pieces.isEmpty();
  }

  /// Where pieces go when all have sent them, the slowest is ended if it takes too long in all.
  private void endWhoHoldsUpOthers() {
    if (!whole && takers().count() > 1) {
      joined.stream()
          .min(Comparator.comparingInt(each -> each.sent))
          .ifPresent(each -> each.taker.giveWayAfter(patienceNanos));
    }
  }

  private void keepNoMoreThanIsTaken() {
    whole = false;
    int sentByAll = joined.stream().mapToInt(each -> each.sent).min().orElse(made);
    NavigableMap<Integer, Piece> useless = pieces.headMap(sentByAll, false);
    useless.values().forEach(room::release);
    useless.clear();
  }

  /// The maker's own client is gone.
  ///
  /// @return whether there are others, for whom to go on
  boolean goesOnForOthers() {
    lock.lock();
    try {
      makerIsGone = true;
      return !joined.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /// The maker has come to its end, of whatever kind. With the lock.
  void end() {
    if (makerHasEnded) {
      return;
    }
    makerIsGone = true;
    makerHasEnded = true;
    if (state == State.MAKING) {
      state = State.FAILED;
    }
    keepNoMoreThanIsTaken();
    changed.signalAll();
    endIfNobodyIsLeft();
  }

  private void endIfNobodyIsLeft() {
    if (makerHasEnded && joined.isEmpty()) {
      onEnd.run();
    }
  }

  /// Somebody who takes the answer beside its maker.
  ///
  /// **thread**: its request's own.
  final class Joined implements LargeAnswers.Entered, AutoCloseable {
    private final Taker taker = new Taker(lock);
    private int sent;
    private boolean sends;

    private Joined() {}

    /// The next piece; the one before has been sent then. Waits for it.
    ///
    /// @return null if the answer could not be made to its end
    @Nullable Piece next() throws InterruptedException {
      lock.lock();
      try {
        hasSent();
        while (state == State.MAKING && sent == made) {
          if (changed.awaitNanos(LOOK.toNanos()) <= 0) {
            maker.giveWayAfter(patienceNanos);
          }
        }
        @Nullable Piece next = state == State.FAILED ? null : pieces.get(sent);
        sends = next != null;
        return next;
      } finally {
        lock.unlock();
      }
    }

    private void hasSent() {
      if (sends) {
        sends = false;
        sent++;
        if (!whole) {
          keepNoMoreThanIsTaken();
        }
        changed.signalAll();
      }
    }

    /// Sends something to the client.
    void send(Runnable work) {
      taker.send(work);
    }

    @Override
    public void close() {
      lock.lock();
      try {
        if (joined.remove(this)) {
          if (!whole) {
            keepNoMoreThanIsTaken();
          }
          changed.signalAll();
          endIfNobodyIsLeft();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /// A client that takes a large answer, and how long what is sent to it has waited for it.
  ///
  /// **thread**: its request's own sends, without the lock; what others look at is guarded by the
  /// lock.
  static final class Taker {
    private final Lock lock;

    // Guarded by the lock.
    private @Nullable Thread sending;
    private long sendingSince;
    private long sentNanos;
    private boolean givesWay;

    /// @param lock of the answers among which this client is one
    Taker(Lock lock) {
      this.lock = lock;
    }

    /// Sends something to the client.
    ///
    /// @param work may be interrupted
    /// @throws CloseConnectionException if the client was too slow for who waits for it
    void send(Runnable work) {
      begin();
      boolean ended;
      try {
        work.run();
      } finally {
        ended = end();
      }
      if (ended) {
        throw new CloseConnectionException("The client took its answer slowly, and others waited");
      }
    }

    private void begin() {
      lock.lock();
      try {
        sending = Thread.currentThread();
        sendingSince = System.nanoTime();
      } finally {
        lock.unlock();
      }
    }

    /// @return whether it was ended by who waits
    private boolean end() {
      lock.lock();
      try {
        sending = null;
        sentNanos += System.nanoTime() - sendingSince;
        return givesWay;
      } finally {
        lock.unlock();
      }
    }

    /// How long it has waited for its client by now, in all; zero while nothing is sent. With the
    /// lock.
    long heldUpFor(long now) {
      return sending == null ? 0 : sentNanos + now - sendingSince;
    }

    /// Whether something is being sent to the client. With the lock.
    boolean isSending() {
      return sending != null;
    }

    /// Whether it has been ended. With the lock.
    boolean givesWay() {
      return givesWay;
    }

    /// Ends the sending that is under way, if there is one. An interrupt closes the socket to which
    /// a virtual thread writes. With the lock, so that it never comes after the sending.
    void giveWay() {
      if (sending != null) {
        givesWay = true;
        sending.interrupt();
      }
    }

    /// Ends it if it has been waiting for its client that long. With the lock.
    void giveWayAfter(long patienceNanos) {
      if (heldUpFor(System.nanoTime()) >= patienceNanos) {
        giveWay();
      }
    }
  }
}
