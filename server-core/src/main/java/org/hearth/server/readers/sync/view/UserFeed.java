package org.hearth.server.readers.sync.view;

import java.util.Collection;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomMembership;
import org.jspecify.annotations.Nullable;

/// What is kept in memory of a user who syncs: the memberships, the time of the last change of
/// account data, and the requests that wait.
///
/// **Thread:** any. A membership is only ever replaced by a later one of the same room, so that the
/// reader of the log and a request that loads from the database may come in either order.
public final class UserFeed {
  /// More requests of one user do not wait: the oldest is answered.
  static final int MOST_WAITING = 64;

  private final UserId user;
  private final ConcurrentMap<RoomId, RoomMembership> memberships = new ConcurrentHashMap<>();
  private final Queue<WaitingSync> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waitingCount = new AtomicInteger();
  private final AtomicLong accountDataChanged = new AtomicLong();
  private final AtomicLong accountDataChanges = new AtomicLong();
  private volatile @Nullable Ignoring ignoring;

  /// Whom the user ignored after so many changes of account data.
  private record Ignoring(long changes, IgnoredUsers users) {}

  UserFeed(UserId user) {
    this.user = user;
  }

  UserId user() {
    return user;
  }

  /// Takes in a membership unless a later one of the room is known.
  ///
  /// @param joinedChanged called, one at a time for a room, with the room and whether the user is
  ///   joined
  void merge(RoomMembership membership, BiConsumer<RoomId, Boolean> joinedChanged) {
    memberships.compute(
        membership.room(),
        (room, known) -> {
          if (known != null && !membership.position().isAfter(known.position())) {
            return known;
          }
          joinedChanged.accept(room, membership.membership() == Membership.JOIN);
          return membership;
        });
  }

  /// The newest membership of each room.
  public Collection<RoomMembership> memberships() {
    return memberships.values();
  }

  /// Notes that account data changed, or may have changed, at that position.
  void accountDataChanged(LogPosition position) {
    accountDataChanged.accumulateAndGet(position.value(), Math::max);
    accountDataChanges.incrementAndGet();
  }

  /// Whether account data may have changed after that position.
  public boolean mayHaveNewAccountData(LogPosition since) {
    return accountDataChanged.get() > since.value();
  }

  /// Whom the user ignores; read again after a change of account data.
  public IgnoredUsers ignored(Supplier<IgnoredUsers> read) {
    long changes = accountDataChanges.get();
    @Nullable Ignoring known = ignoring;
    if (known != null && known.changes() == changes) {
      return known.users();
    }
    IgnoredUsers users = read.get();
    ignoring = new Ignoring(changes, users);
    return users;
  }

  void register(WaitingSync request) {
    waiting.add(request);
    if (waitingCount.incrementAndGet() > MOST_WAITING) {
      Optional.ofNullable(waiting.peek()).ifPresent(WaitingSync::end);
    }
  }

  void unregister(WaitingSync request) {
    if (waiting.remove(request)) {
      waitingCount.decrementAndGet();
    }
  }

  public boolean isWatched() {
    return !waiting.isEmpty();
  }

  public Iterable<WaitingSync> waiting() {
    return waiting;
  }

  void wake() {
    waiting.forEach(WaitingSync::wake);
  }
}
