package org.hearth.server.readers.sync.view;

import java.time.Duration;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// The users who sync, and who of them is in which room: so that an event wakes those whom it
/// concerns and nobody else.
///
/// A user comes in with the first request and is loaded from the database once; from then on the
/// log's entries keep the user's memberships. The feed is in the map before it is loaded, therefore
/// an entry is either seen by the load (it was committed before) or merged by the reader (it is
/// published after). When entries are lost ([#onLost]), each user is loaded anew before the next
/// look.
///
/// **Bound:** a user without a request is let go after [#LONGEST_UNSEEN], or earlier, the longest
/// unseen first, when the feeds take more than their budget. **Thread:** any; what changes
/// memberships holds the feed's monitor.
public final class SyncUsers {
  private static final Duration LONGEST_UNSEEN = Duration.ofHours(1);
  private static final Duration BETWEEN_SWEEPS = Duration.ofMinutes(1);
  private static final int SWEPT_SHARE = 8;

  private final ConcurrentMap<String, Loaded> feeds = new ConcurrentHashMap<>();
  private final ConcurrentMap<RoomId, Set<UserFeed>> joined = new ConcurrentHashMap<>();

  /// Requests of users who look into a room without being in it: no more than a user has waiting.
  private final ConcurrentMap<RoomId, Set<Entered>> peeking = new ConcurrentHashMap<>();

  private final AtomicLong losses = new AtomicLong();
  private final AtomicInteger loads = new AtomicInteger();
  private final AtomicLong lastSweep = new AtomicLong(System.nanoTime());
  private final RoomQueries rooms;
  private final Supplier<LogPosition> head;
  private final SpacedWakes wakes;
  private final long budgetBytes;

  /// A feed, and since which loss of entries the database has been read for it.
  private static final class Loaded {
    private static final long NEVER = -1;

    private final UserFeed feed;
    private volatile long sinceLoss = NEVER;
    private volatile long lastEntered = System.nanoTime();
    private boolean gone;

    Loaded(UserFeed feed) {
      this.feed = feed;
    }
  }

  /// A feed and when it was last entered, as it was when they were sorted.
  private record Seen(Loaded loaded, long at) {}

  /// A request and the feed it waits on.
  public record Entered(UserFeed feed, WaitingSync waiting) {}

  /// @param head the newest position that is committed
  /// @param wakes for what others do
  public SyncUsers(
      RoomQueries rooms, Supplier<LogPosition> head, SpacedWakes wakes, long budgetBytes) {
    this.rooms = rooms;
    this.head = head;
    this.wakes = wakes;
    this.budgetBytes = budgetBytes;
  }

  /// Registers a request with the feed of its user, which has all memberships up to now.
  public Entered enter(Viewer viewer) {
    WaitingSync waiting = new WaitingSync(viewer.device());
    // Registered within the map's own lock: a feed with a request is never let go.
    Loaded loaded =
        feeds.compute(
            viewer.user().value(),
            (_, known) -> {
              Loaded entered = known == null ? new Loaded(new UserFeed(viewer.user())) : known;
              entered.feed.register(waiting);
              return entered;
            });
    loaded.lastEntered = System.nanoTime();
    Entered entered = new Entered(loaded.feed, waiting);
    try {
      refresh(entered);
      return entered;
    } catch (RuntimeException e) {
      leave(entered);
      throw e;
    }
  }

  /// Takes whom the batches of a log concern.
  Concerned concerned() {
    return new Concerned(wakes);
  }

  public void leave(Entered entered) {
    entered.feed().unregister(entered.waiting());
  }

  /// Has the request woken by news of a room in which its user is not, until [#unpeek].
  public void peek(Entered entered, RoomId room) {
    peeking.compute(
        room,
        (_, known) -> {
          Set<Entered> requests = known == null ? ConcurrentHashMap.newKeySet() : known;
          requests.add(entered);
          return requests;
        });
  }

  public void unpeek(Entered entered, RoomId room) {
    peeking.computeIfPresent(
        room,
        (_, requests) -> {
          requests.remove(entered);
          return requests.isEmpty() ? null : requests;
        });
  }

  /// Loads the user anew if entries were lost since. A request asks for this between taking its
  /// snapshot and looking: a loss that the snapshot covers has been told of by then.
  public void refresh(Entered entered) {
    @Nullable Loaded loaded = feeds.get(entered.feed().user().value());
    if (loaded == null || loaded.sinceLoss == losses.get()) {
      return;
    }
    synchronized (loaded) {
      long lost = losses.get();
      if (loaded.sinceLoss == lost) {
        return;
      }
      LogPosition now = head.get();
      UserFeed feed = loaded.feed;
      Map<RoomId, RoomMembership> stored = new HashMap<>();
      for (RoomMembership each : rooms.roomsOf(feed.user(), EnumSet.allOf(Membership.class))) {
        stored.put(each.room(), each);
      }
      for (RoomMembership each : feed.memberships()) {
        if (!each.position().isAfter(now)) {
          mergeLost(loaded, each, stored.get(each.room()), now);
        }
      }
      stored.values().forEach(each -> merge(loaded, each));
      // What changed before is in the database only: a request from before this moment looks there.
      for (OwnNews each : OwnNews.values()) {
        feed.note(each, now);
      }
      // News of a room that was not among the user's until now has not been noted.
      feed.forgetChanged();
      loaded.sinceLoss = lost;
    }
    sweep();
  }

  /// Entries of a log were lost to this component: what is known here may be wrong. All who wait
  /// look into the database.
  public void onLost() {
    losses.incrementAndGet();
    for (Loaded each : feeds.values()) {
      each.feed.wake();
    }
  }

  /// Lets go of those who have not been here for long, and of as many as are too many. It looks at
  /// all feeds after a minute, or when an eighth of them has been loaded since it looked last: so a
  /// load costs the look at eight feeds, however many there are.
  private void sweep() {
    long now = System.nanoTime();
    long last = lastSweep.get();
    boolean due = now - last > BETWEEN_SWEEPS.toNanos() && lastSweep.compareAndSet(last, now);
    boolean many = loads.incrementAndGet() > feeds.size() / SWEPT_SHARE;
    if (!due && !many) {
      return;
    }
    loads.set(0);
    long bytes = feeds.values().stream().mapToLong(each -> each.feed.bytes()).sum();
    if (!due && bytes <= budgetBytes) {
      return;
    }
    List<Seen> longestUnseenFirst =
        feeds.values().stream()
            .map(each -> new Seen(each, each.lastEntered))
            .sorted(Comparator.comparingLong(each -> each.at() - now))
            .toList();
    for (Seen each : longestUnseenFirst) {
      if (bytes <= budgetBytes && now - each.at() <= LONGEST_UNSEEN.toNanos()) {
        return;
      }
      bytes -= letGo(each.loaded());
    }
  }

  /// @return how many bytes that frees
  private long letGo(Loaded loaded) {
    UserFeed feed = loaded.feed;
    @Nullable Loaded kept =
        feeds.computeIfPresent(
            feed.user().value(),
            (_, known) -> known.equals(loaded) && !feed.isWatched() ? null : known);
    if (kept != null) {
      return 0;
    }
    synchronized (feed) {
      loaded.gone = true;
      feed.memberships().forEach(membership -> removeFrom(membership.room(), feed));
    }
    return feed.bytes();
  }

  /// The user's feed if the user has synced.
  ///
  /// @param user the id, or whatever else stands in the place of one
  public @Nullable UserFeed known(String user) {
    @Nullable Loaded loaded = feeds.get(user);
    return loaded == null ? null : loaded.feed;
  }

  /// Takes in a membership if its user syncs.
  ///
  /// @param user the id, or whatever else stands in the place of one
  /// @return the user's feed
  @Nullable UserFeed merge(String user, RoomId room, Membership membership, LogPosition at) {
    @Nullable Loaded loaded = feeds.get(user);
    if (loaded == null) {
      return null;
    }
    merge(loaded, new RoomMembership(room, loaded.feed.user(), membership, at, false));
    return loaded.feed;
  }

  private void merge(Loaded loaded, RoomMembership membership) {
    UserFeed feed = loaded.feed;
    synchronized (feed) {
      // The log's reader may still hold a feed that has been let go.
      if (loaded.gone || !feed.merge(membership)) {
        return;
      }
      if (membership.membership() == Membership.JOIN) {
        joined.compute(
            membership.room(),
            (_, known) -> {
              Set<UserFeed> feeds = known == null ? ConcurrentHashMap.newKeySet() : known;
              feeds.add(feed);
              return feeds;
            });
      } else {
        removeFrom(membership.room(), feed);
      }
    }
  }

  /// Takes in that the database has another membership than was known, and none that came later: it
  /// went in what was lost, or an earlier one came back.
  private void mergeLost(
      Loaded loaded, RoomMembership known, @Nullable RoomMembership stored, LogPosition now) {
    boolean mayBeLost = stored == null || known.position().isAfter(stored.position());
    Membership membership = stored == null ? Membership.LEAVE : stored.membership();
    if (mayBeLost && membership != known.membership()) {
      merge(loaded, new RoomMembership(known.room(), known.user(), membership, now, false));
    }
  }

  private void removeFrom(RoomId room, UserFeed feed) {
    joined.computeIfPresent(
        room,
        (_, feeds) -> {
          feeds.remove(feed);
          return feeds.isEmpty() ? null : feeds;
        });
  }

  /// Notes news of a room with those who are joined to it and have synced.
  ///
  /// @return their feeds, to be woken when all of a batch is noted; with those of whoever looks
  ///   into the room from outside, for whom nothing is noted
  public Set<UserFeed> noteChanged(NewsKind kind, RoomId room, LogPosition position) {
    Set<UserFeed> those = joined.getOrDefault(room, Set.of());
    those.forEach(feed -> feed.noteChanged(kind, room, position));
    Set<Entered> outside = peeking.getOrDefault(room, Set.of());
    if (outside.isEmpty()) {
      return those;
    }
    Set<UserFeed> all = new HashSet<>(those);
    outside.forEach(each -> all.add(each.feed()));
    return all;
  }

  /// Notes news of a room that are for one of its users only.
  ///
  /// @return the user's feed, if the user has synced
  public Set<UserFeed> noteChanged(NewsKind kind, RoomId room, String user, LogPosition position) {
    @Nullable UserFeed feed = known(user);
    if (feed == null) {
      return Set.of();
    }
    feed.noteChanged(kind, room, position);
    return Set.of(feed);
  }

  /// Notes that the devices of a user are others with all who share a room with the user.
  ///
  /// @return these and the user, to be woken when all of a batch is noted
  public Set<UserFeed> noteDevices(UserId user, LogPosition position) {
    Set<UserFeed> those = new HashSet<>();
    for (RoomMembership each : rooms.roomsOf(user, EnumSet.of(Membership.JOIN))) {
      those.addAll(joined.getOrDefault(each.room(), Set.of()));
    }
    @Nullable UserFeed own = known(user.value());
    if (own != null) {
      those.add(own);
    }
    those.forEach(feed -> feed.note(OwnNews.DEVICE_LISTS, position));
    return those;
  }

  /// Notes news of a user with the others who are joined to a room and have synced.
  ///
  /// @return these, to be woken
  public Set<UserFeed> noteChanged(NewsKind kind, RoomId room, UserId other, LogPosition position) {
    Set<UserFeed> those = new HashSet<>(joined.getOrDefault(room, Set.of()));
    those.removeIf(feed -> feed.user().equals(other));
    those.forEach(feed -> feed.noteChanged(kind, other, position));
    return those;
  }

  /// Notes news of a user with the user's own feed.
  ///
  /// @return this, if the user has synced
  public Set<UserFeed> noteOwn(NewsKind kind, UserId user, LogPosition position) {
    @Nullable UserFeed feed = known(user.value());
    if (feed == null) {
      return Set.of();
    }
    feed.noteChanged(kind, user, position);
    return Set.of(feed);
  }

  /// The rooms that someone who syncs is in.
  public int roomCount() {
    return joined.size();
  }

  public List<UserFeed> all() {
    return feeds.values().stream().map(each -> each.feed).toList();
  }
}
