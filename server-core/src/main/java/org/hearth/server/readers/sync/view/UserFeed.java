package org.hearth.server.readers.sync.view;

import java.util.Collection;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// What is kept in memory of a user who syncs: the memberships, in which rooms there was news, when
/// there was news beside rooms, and the requests that wait.
///
/// **Thread:** any. A membership is only ever replaced by a later one of the same room, so that the
/// reader of the log and a request that loads from the database may come in either order.
public final class UserFeed {
  /// More requests of one user do not wait: the oldest is answered.
  static final int MOST_WAITING = 64;

  private static final int FEED_BYTES = 1_000;
  private static final int MEMBERSHIP_BYTES = 300;
  private static final int DEVICE_BYTES = 300;

  private final UserId user;
  private final ConcurrentMap<RoomId, RoomMembership> memberships = new ConcurrentHashMap<>();
  private final ConcurrentMap<NewsKind, Changed<RoomId>> changed = new ConcurrentHashMap<>();
  private final ConcurrentMap<NewsKind, Changed<UserId>> changedUsers = new ConcurrentHashMap<>();
  private final Queue<WaitingSync> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waitingCount = new AtomicInteger();
  private final ConcurrentMap<OwnNews, LogPosition> newest = new ConcurrentHashMap<>();
  private final AtomicLong accountDataChanges = new AtomicLong();
  private volatile @Nullable Ignoring ignoring;

  /// Devices with nothing in their inboxes that they are known to have.
  private final Set<DeviceId> tidy = ConcurrentHashMap.newKeySet();

  /// Whom the user ignored after so many changes of account data.
  private record Ignoring(long changes, IgnoredUsers users) {}

  UserFeed(UserId user) {
    this.user = user;
  }

  UserId user() {
    return user;
  }

  /// Takes in a membership unless a later one of the room is known. Called by one thread at a time.
  ///
  /// @return whether it was taken in
  boolean merge(RoomMembership membership) {
    @Nullable RoomMembership known = memberships.get(membership.room());
    if (known != null && !membership.position().isAfter(known.position())) {
      return false;
    }
    memberships.put(membership.room(), membership);
    return true;
  }

  /// The newest membership of each room.
  public Collection<RoomMembership> memberships() {
    return memberships.values();
  }

  /// The membership of that room as of that position, no later than the newest.
  public Optional<RoomMembership> membershipAt(
      RoomQueries rooms, RoomId room, LogPosition position) {
    return membership(room).flatMap(newest -> asOf(rooms, newest, position));
  }

  /// What a newest membership was as of that position.
  public static Optional<RoomMembership> asOf(
      RoomQueries rooms, RoomMembership newest, LogPosition position) {
    return newest.position().isAfter(position)
        ? rooms.membershipAt(newest.room(), newest.user(), position)
        : Optional.of(newest);
  }

  /// The newest membership of that room.
  public Optional<RoomMembership> membership(RoomId room) {
    return Optional.ofNullable(memberships.get(room));
  }

  /// Notes news of a room; only where somebody asked for it since this feed was loaded.
  void noteChanged(NewsKind kind, RoomId room, LogPosition position) {
    @Nullable Changed<RoomId> rooms = changed.get(kind);
    if (rooms != null) {
      rooms.add(room, position);
    }
  }

  /// Notes news of a user; only where somebody asked for it since this feed was loaded.
  void noteChanged(NewsKind kind, UserId other, LogPosition position) {
    @Nullable Changed<UserId> users = changedUsers.get(kind);
    if (users != null) {
      users.add(other, position);
    }
  }

  /// The rooms with news of that kind after that position; empty if that is not known, so that all
  /// rooms must be looked at. The first to ask is not answered: the noting begins then.
  public Optional<Set<RoomId>> changedRooms(NewsKind kind, LogPosition since) {
    return since(changed, kind, since);
  }

  /// The users with news of that kind after that position, in the same way.
  public Optional<Set<UserId>> changedUsers(NewsKind kind, LogPosition since) {
    return since(changedUsers, kind, since);
  }

  private static <T> Optional<Set<T>> since(
      ConcurrentMap<NewsKind, Changed<T>> noted, NewsKind kind, LogPosition since) {
    @Nullable Changed<T> known = noted.get(kind);
    if (known != null) {
      return known.since(since);
    }
    Changed<T> changed = noted.computeIfAbsent(kind, _ -> new Changed<>());
    // The head is read when the log's reader can see these already: it notes all that comes later.
    changed.beginAt(kind.head());
    return Optional.empty();
  }

  /// Begins anew to note in which rooms and of whom there is news.
  void forgetChanged() {
    changed.clear();
    changedUsers.clear();
  }

  /// Notes that there is, or may be, news of that kind at that position.
  public void note(OwnNews kind, LogPosition position) {
    newest.merge(kind, position, (one, other) -> one.isAfter(other) ? one : other);
    if (kind == OwnNews.ACCOUNT_DATA) {
      accountDataChanges.incrementAndGet();
    }
  }

  /// Whether there may be news of that kind after that position.
  public boolean mayHave(OwnNews kind, LogPosition since) {
    return newest.getOrDefault(kind, LogPosition.ORIGIN).isAfter(since);
  }

  /// Notes that a device was told messages, which are in its inbox until it says that it has them.
  public void toldMessages(DeviceId device) {
    tidy.remove(device);
  }

  /// Notes that nothing is in the inbox of a device that it is known to have.
  public void tidied(DeviceId device) {
    tidy.add(device);
  }

  /// Forgets what was noted of a device, which is gone.
  void forgetDevice(DeviceId device) {
    tidy.remove(device);
  }

  /// Forgets what was noted of devices: which of them are there is not known.
  void forgetDevices() {
    tidy.clear();
  }

  /// Whether nothing is in the inbox of a device that it is known to have.
  public boolean isTidy(DeviceId device) {
    return tidy.contains(device);
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
      // Taken out at once: of several that come together, each ends another one.
      @Nullable WaitingSync oldest = waiting.poll();
      if (oldest != null) {
        waitingCount.decrementAndGet();
        oldest.end();
      }
    }
  }

  void unregister(WaitingSync request) {
    if (waiting.remove(request)) {
      waitingCount.decrementAndGet();
    }
  }

  boolean isWatched() {
    return !waiting.isEmpty();
  }

  public Iterable<WaitingSync> waiting() {
    return waiting;
  }

  public void wake() {
    waiting.forEach(WaitingSync::wake);
  }

  /// Wakes the requests of one device.
  public void wake(DeviceId device) {
    waiting.forEach(each -> {
      if (each.isOf(device)) {
        each.wake();
      }
    });
  }

  long bytes() {
    long bytes =
        FEED_BYTES
            + (long) MEMBERSHIP_BYTES * memberships.size()
            + (long) DEVICE_BYTES * tidy.size();
    for (Changed<?> each : changed.values()) {
      bytes += each.bytes();
    }
    for (Changed<?> each : changedUsers.values()) {
      bytes += each.bytes();
    }
    return bytes;
  }
}
