package org.hearth.server.readers.sync.sliding;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.servers.room.RoomActivity;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomSummary;
import org.jspecify.annotations.Nullable;

/// Each user's rooms, those first in which something happened last: "Rooms are ordered by last
/// activity, based on when the last event in the room was received by the server."
///
/// It is read from the database once. From then on a request moves to the front the rooms of which
/// the user's feed says that there was news, so that 10,000 rooms cost a copy of their list and no
/// sorting. The order may be ahead of the point of an answer: a room that comes to the front by an
/// event that is not told yet has news for the next answer.
///
/// **Bound:** a budget of bytes; who was not here for longest is read anew. **Thread:** any.
final class RoomOrders {
  private static final int FIXED_BYTES = 1_000;
  private static final Comparator<ListedRoom> NEWEST_FIRST =
      Comparator.comparing(ListedRoom::activity)
          .reversed()
          .thenComparing(each -> each.room().value());

  private final RoomQueries rooms;
  private final NewsKind events;
  private final Cache<UserId, Order> orders;

  /// @param events the kind of news that is noted of every event and membership
  RoomOrders(RoomQueries rooms, NewsKind events, long budgetBytes) {
    this.rooms = rooms;
    this.events = events;
    this.orders =
        Caffeine.newBuilder()
            .maximumWeight(budgetBytes)
            .weigher((UserId _, Order order) -> order.bytes())
            .executor(Runnable::run)
            .build();
  }

  /// One user's.
  static final class Order {
    private @Nullable UserFeed feed;
    private LogPosition asOf = LogPosition.ORIGIN;
    private volatile List<ListedRoom> sorted = List.of();
    private final Map<RoomId, ListedRoom> byRoom = new HashMap<>();
    private final Personal personal = new Personal();

    /// The user's rooms in their order; never changed.
    List<ListedRoom> rooms() {
      return sorted;
    }

    /// What the user keeps of the rooms.
    Personal personal() {
      return personal;
    }

    private int bytes() {
      long bytes = FIXED_BYTES + (long) ListedRoom.BYTES * sorted.size() + personal.bytes();
      return Math.clamp(bytes, 0, Integer.MAX_VALUE);
    }
  }

  /// The user's rooms, with all news up to that position or later.
  Order of(UserId user, UserFeed feed, LogPosition now) {
    Order order = orders.get(user, _ -> new Order());
    synchronized (order) {
      Optional<Set<RoomId>> changed =
          feed.equals(order.feed) ? feed.changedRooms(events, order.asOf) : Optional.empty();
      if (changed.isPresent()) {
        move(order, feed, changed.get());
      } else {
        // From this question on it is noted what changes: before it is read.
        var _ = feed.changedRooms(events, now);
        load(order, user, feed);
        order.feed = feed;
      }
      order.asOf = now.isAfter(order.asOf) || changed.isEmpty() ? now : order.asOf;
    }
    // Weighed anew.
    orders.put(user, order);
    return order;
  }

  private void load(Order order, UserId user, UserFeed feed) {
    Map<RoomId, RoomActivity> activity = new HashMap<>();
    rooms.activity(user).forEach(each -> activity.put(each.room(), each));
    List<ListedRoom> all = new ArrayList<>();
    for (RoomMembership each : feed.memberships()) {
      @Nullable RoomActivity known = activity.get(each.room());
      all.add(
          listed(
                  each,
                  Optional.ofNullable(known).map(RoomActivity::last),
                  known == null ? null : known.first())
              .after(order.byRoom.get(each.room())));
    }
    order.byRoom.clear();
    all.forEach(each -> order.byRoom.put(each.room(), each));
    all.sort(NEWEST_FIRST);
    order.sorted = all;
  }

  /// Takes the rooms out of the list and merges them in again where they belong now.
  private void move(Order order, UserFeed feed, Collection<RoomId> changed) {
    List<ListedRoom> moved = new ArrayList<>();
    for (RoomId each : changed) {
      Optional<RoomMembership> membership = feed.membership(each);
      if (membership.isPresent()) {
        Optional<RoomSummary> room = rooms.room(each);
        ListedRoom now =
            listed(
                    membership.get(),
                    room.map(RoomSummary::last),
                    room.map(RoomSummary::first).orElse(null))
                .after(order.byRoom.get(each));
        moved.add(now);
      }
    }
    if (moved.isEmpty()) {
      return;
    }
    moved.sort(NEWEST_FIRST);
    Map<RoomId, ListedRoom> byRoom = new HashMap<>();
    moved.forEach(each -> byRoom.put(each.room(), each));
    List<ListedRoom> merged = new ArrayList<>(order.sorted.size() + moved.size());
    int next = 0;
    for (ListedRoom each : order.sorted) {
      if (byRoom.containsKey(each.room())) {
        continue;
      }
      while (next < moved.size() && NEWEST_FIRST.compare(moved.get(next), each) < 0) {
        merged.add(moved.get(next++));
      }
      merged.add(each);
    }
    merged.addAll(moved.subList(next, moved.size()));
    order.byRoom.putAll(byRoom);
    order.sorted = merged;
  }

  private static ListedRoom listed(
      RoomMembership membership, Optional<LogPosition> last, @Nullable LogPosition create) {
    LogPosition since = membership.position();
    boolean joined = membership.membership() == Membership.JOIN;
    LogPosition activity = joined ? last.filter(each -> each.isAfter(since)).orElse(since) : since;
    return new ListedRoom(membership, activity, create);
  }
}
