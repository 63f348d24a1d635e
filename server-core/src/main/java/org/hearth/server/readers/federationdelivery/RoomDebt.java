package org.hearth.server.readers.federationdelivery;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import org.hearth.server.matrix.id.RoomId;
import org.jspecify.annotations.Nullable;

/// What a server has still to be told of a room.
///
/// As long as that is little, it is known event by event. Else, and after a restart, it is the
/// room's latest events as of when they are sent, and those before them that the server would not
/// ask for: by which its users have lost their membership.
///
/// **thread**: guarded by the lock of [Queues].
final class RoomDebt {
  /// Events that are not left out; the oldest go.
  static final int MOST_KEPT = 100;

  private final RoomId room;

  /// Event by event, in order; null when it is the latest events that are owed.
  private @Nullable Deque<Item> items;

  /// Whether the latest events are owed, or items that they can stand for.
  private boolean whole;

  private long since;
  private long newest;

  /// Up to where the latest events stood for all, when they were sent.
  private long told;

  private final NavigableSet<Long> kept = new TreeSet<>();

  private RoomDebt(RoomId room, @Nullable Deque<Item> items) {
    this.room = room;
    this.items = items;
  }

  /// A debt that is known event by event.
  static RoomDebt known(RoomId room) {
    return new RoomDebt(room, new ArrayDeque<>());
  }

  /// A debt as it is read from the table.
  static RoomDebt stored(RoomId room) {
    return new RoomDebt(room, null);
  }

  RoomId room() {
    return room;
  }

  boolean isDetailed() {
    return items != null;
  }

  int size() {
    return items == null ? kept.size() + (whole ? 1 : 0) : items.size();
  }

  boolean isPaid() {
    return !whole && kept.isEmpty();
  }

  /// An event is to be sent.
  ///
  /// @param keep whether it must not be left out
  /// @return whether there is a row now that there was not
  boolean add(Item item, boolean keep) {
    if (items != null) {
      items.add(item);
    }
    // What is kept for a server that was taken out of the room may have come before the newest.
    newest = Math.max(newest, item.position());
    boolean another = keep ? kept.add(item.position()) : !whole;
    if (!keep && !whole) {
      whole = true;
      since = item.position();
    }
    if (kept.size() > MOST_KEPT) {
      var _ = kept.pollFirst();
    }
    return another;
  }

  void restore(DeliveryRows.Debt row) {
    if (row.kind() == DeliveryRows.Kind.ROOM) {
      whole = true;
      since = row.position();
    } else {
      var _ = kept.add(row.position());
    }
    newest = Math.max(newest, row.position());
  }

  /// From now on the latest events are owed, instead of each.
  void forgetItems() {
    items = null;
  }

  /// The next events, in order, of a debt that is known event by event.
  List<Item> first(int most) {
    return items == null ? List.of() : items.stream().limit(most).toList();
  }

  List<Long> kept(int most) {
    return kept.stream().limit(most).toList();
  }

  boolean isWhole() {
    return whole;
  }

  long newest() {
    return newest;
  }

  /// These have been sent.
  void paid(Collection<Long> positions) {
    Set<Long> sent = new HashSet<>(positions);
    sent.forEach(kept::remove);
    Deque<Item> left = items;
    if (left != null) {
      left.removeIf(each -> sent.contains(each.position()));
      if (left.isEmpty()) {
        whole = false;
      }
    }
  }

  /// The room's latest events have been sent, as they were when this was the newest.
  void paidUpTo(long position) {
    if (items == null) {
      told = Math.max(told, position);
      if (newest <= position) {
        whole = false;
      }
    }
  }

  /// Begins later, when what it began with has been sent and no row says so. In a room in which
  /// more is said while each transaction is under way there is always something owed: the progress
  /// of the log must not wait at where that began.
  void advance() {
    Deque<Item> left = items;
    if (left != null && !left.isEmpty() && whole) {
      since = left.getFirst().position();
    } else if (left == null && whole) {
      since = Math.max(since, told + 1);
    }
  }

  /// The rows that stand for this.
  List<DeliveryRows.Debt> rows() {
    List<DeliveryRows.Debt> rows = new ArrayList<>();
    if (whole) {
      rows.add(new DeliveryRows.Debt(DeliveryRows.Kind.ROOM, room, since));
    }
    kept.forEach(each -> rows.add(new DeliveryRows.Debt(DeliveryRows.Kind.EVENT, room, each)));
    return rows;
  }
}
