package org.hearth.server.readers.sync.view;

import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// The users who sync, and who of them is in which room: so that an event wakes those whom it
/// concerns and nobody else.
///
/// A user comes in with the first request and is loaded from the database once; from then on the
/// log's entries keep the user's memberships. The feed is in the map before it is loaded, therefore
/// an entry is either seen by the load (it was committed before) or merged by the reader (it is
/// published after). Users without a request are let go, the longest unseen first, when the feeds
/// take more than their budget.
///
/// **Thread:** any.
public final class SyncUsers {
  private static final int FEED_BYTES = 1_000;
  private static final int MEMBERSHIP_BYTES = 300;

  private final ConcurrentMap<String, Loaded> feeds = new ConcurrentHashMap<>();
  private final ConcurrentMap<RoomId, Set<UserFeed>> joined = new ConcurrentHashMap<>();
  private final RoomQueries rooms;
  private final Supplier<LogPosition> head;
  private final long budgetBytes;

  /// A feed, and whether the database has been read for it; its monitor is held while it is read.
  private static final class Loaded {
    private final UserFeed feed;
    private volatile boolean complete;
    private volatile long lastEntered;

    Loaded(UserFeed feed) {
      this.feed = feed;
    }
  }

  /// A feed and when it was last entered, as it was when they were sorted.
  private record Seen(UserFeed feed, long at) {}

  /// A request and the feed it waits on.
  public record Entered(UserFeed feed, WaitingSync waiting) {}

  /// @param head the newest position that is committed
  public SyncUsers(RoomQueries rooms, Supplier<LogPosition> head, long budgetBytes) {
    this.rooms = rooms;
    this.head = head;
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
      load(loaded);
      return entered;
    } catch (RuntimeException e) {
      leave(entered);
      throw e;
    }
  }

  public void leave(Entered entered) {
    entered.feed().unregister(entered.waiting());
  }

  private void load(Loaded loaded) {
    if (loaded.complete) {
      return;
    }
    synchronized (loaded) {
      if (loaded.complete) {
        return;
      }
      LogPosition now = head.get();
      UserFeed feed = loaded.feed;
      for (RoomMembership each : rooms.roomsOf(feed.user(), EnumSet.allOf(Membership.class))) {
        merge(feed, each);
      }
      // What changed before is in the database only: a request from before this moment looks there.
      feed.accountDataChanged(now);
      loaded.complete = true;
    }
    letGoOfTheUnseen();
  }

  private void letGoOfTheUnseen() {
    long bytes = 0;
    for (Loaded each : feeds.values()) {
      bytes += bytesOf(each.feed);
    }
    if (bytes <= budgetBytes) {
      return;
    }
    List<Seen> longestUnseenFirst =
        feeds.values().stream()
            .map(each -> new Seen(each.feed, each.lastEntered))
            .sorted(Comparator.comparingLong(Seen::at))
            .toList();
    for (Seen each : longestUnseenFirst) {
      if (bytes <= budgetBytes) {
        return;
      }
      UserFeed feed = each.feed();
      String user = feed.user().value();
      feeds.computeIfPresent(user, (_, known) -> known.feed.isWatched() ? known : null);
      if (!feeds.containsKey(user)) {
        bytes -= bytesOf(feed);
        feed.memberships().forEach(membership -> removeFrom(membership.room(), feed));
      }
    }
  }

  private static long bytesOf(UserFeed feed) {
    return FEED_BYTES + (long) MEMBERSHIP_BYTES * feed.memberships().size();
  }

  /// The user's feed if the user has synced.
  ///
  /// @param user the id, or whatever else stands in the place of one
  public @Nullable UserFeed known(String user) {
    @Nullable Loaded loaded = feeds.get(user);
    return loaded == null ? null : loaded.feed;
  }

  void merge(UserFeed feed, RoomMembership membership) {
    feed.merge(
        membership,
        (room, isJoined) -> {
          if (isJoined) {
            joined.computeIfAbsent(room, _ -> ConcurrentHashMap.newKeySet()).add(feed);
          } else {
            removeFrom(room, feed);
          }
        });
  }

  private void removeFrom(RoomId room, UserFeed feed) {
    @Nullable Set<UserFeed> others = joined.get(room);
    if (others != null) {
      others.remove(feed);
    }
  }

  /// Those who are joined to the room and have synced.
  Set<UserFeed> joinedTo(RoomId room) {
    return joined.getOrDefault(room, Set.of());
  }

  public List<UserFeed> all() {
    return feeds.values().stream().map(each -> each.feed).toList();
  }
}
