package org.hearth.server.readers.federationdelivery;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.id.RoomId;
import org.jspecify.annotations.Nullable;

/// What a server is to be told next, as it is known without a look into the database.
///
/// @param edus how many of its EDUs in the table
/// @param passedOver of those in the table
/// @param suspect whether it is one thing that was refused before
record Plan(
    List<OfRoom> rooms,
    List<ReceiptsOf> receipts,
    Map<Queue.Typist, Queue.Typing> typing,
    List<Queue.Presence> presence,
    int edus,
    Set<DeliveryRows.Key> passedOver,
    boolean suspect) {
  /// "They can have at most 50 PDUs and 100 EDUs."
  static final int MOST_PDUS = 50;

  static final int MOST_EDUS = 100;

  /// Of rooms whose receipts are sent at once.
  private static final int MOST_RECEIPT_ROOMS = 20;

  /// EDUs of devices in one transaction; the others are for what is fleeting.
  private static final int MOST_DEVICE_EDUS = 40;

  private static final int MOST_FLEETING = 20;

  /// News of typing and of presence that is older is not told any more.
  static final Duration OLD = Duration.ofSeconds(30);

  /// @param items one by one; empty where the latest events are owed
  /// @param kept positions of events that must not be left out beside the latest
  record OfRoom(RoomId room, List<Item> items, List<Long> kept, boolean latest, long newest) {}

  record ReceiptsOf(RoomId room, long since, long newest) {}

  /// Receipts are a thing of their own among what may be refused.
  record ReceiptsKey(RoomId room) {}

  boolean isEmpty() {
    return rooms.isEmpty()
        && receipts.isEmpty()
        && typing.isEmpty()
        && presence.isEmpty()
        && edus == 0;
  }

  /// What is next. What is fleeting is taken out of the queue: it is sent now or never.
  ///
  /// **thread**: holds the lock of [Queues].
  static Plan of(Queue queue, Instant now) {
    return new Making(queue, queue.width(), queue.suspects().keySet()).plan(now);
  }

  /// Where nothing else is left: the next of what was refused, the one that was refused first.
  ///
  /// **thread**: holds the lock of [Queues].
  static Plan ofSuspects(Queue queue) {
    Iterator<Object> each = queue.suspects().keySet().iterator();
    while (each.hasNext()) {
      Plan plan = new Making(queue, 1, Set.of()).only(each.next(), queue.suspects().keySet());
      if (!plan.isEmpty()) {
        return plan;
      }
      each.remove();
    }
    return new Plan(List.of(), List.of(), Map.of(), List.of(), 0, Set.of(), true);
  }

  private static final class Making {
    private final Queue queue;
    private int left;
    private final Set<Object> passedOver;
    private final List<OfRoom> rooms = new ArrayList<>();
    private final List<ReceiptsOf> receipts = new ArrayList<>();

    Making(Queue queue, int width, Set<Object> passedOver) {
      this.queue = queue;
      this.left = width;
      this.passedOver = Set.copyOf(passedOver);
    }

    Plan only(Object only, Set<Object> suspects) {
      int edus = 0;
      Set<DeliveryRows.Key> others = keys(suspects);
      switch (only) {
        case RoomId room -> addRoom(queue.rooms().get(room));
        case ReceiptsKey key -> addReceipts(key.room());
        case DeliveryRows.Key key -> {
          others.remove(key);
          edus = queue.hasEdus() ? 1 : 0;
        }
        default -> throw new IllegalStateException("nothing is sent under the name " + only);
      }
      return new Plan(rooms, receipts, Map.of(), List.of(), edus, others, true);
    }

    private static Set<DeliveryRows.Key> keys(Set<Object> all) {
      Set<DeliveryRows.Key> keys = new HashSet<>();
      for (Object each : all) {
        if (each instanceof DeliveryRows.Key key) {
          keys.add(key);
        }
      }
      return keys;
    }

    Plan plan(Instant now) {
      int pdus = MOST_PDUS;
      for (RoomDebt each : queue.rooms().values()) {
        if (pdus > 0 && left > 0 && !passedOver.contains(each.room())) {
          int before = left;
          addRoom(each);
          pdus -= before - left;
        }
      }
      for (RoomId each : queue.receipts().keySet()) {
        if (left > 0
            && receipts.size() < MOST_RECEIPT_ROOMS
            && !passedOver.contains(new ReceiptsKey(each))) {
          addReceipts(each);
        }
      }
      int edus = queue.hasEdus() ? Math.min(left, MOST_DEVICE_EDUS) : 0;
      left -= edus;
      Map<Queue.Typist, Queue.Typing> typing = new LinkedHashMap<>();
      List<Queue.Presence> presence = new ArrayList<>();
      if (left > MOST_FLEETING) {
        takeFleeting(now, typing, presence);
      }
      return new Plan(rooms, receipts, typing, presence, edus, keys(passedOver), false);
    }

    private void takeFleeting(
        Instant now, Map<Queue.Typist, Queue.Typing> typing, List<Queue.Presence> presence) {
      while (!queue.typing().isEmpty() && typing.size() < MOST_FLEETING) {
        var next = queue.typing().pollFirstEntry();
        if (!next.getValue().at().plus(OLD).isBefore(now)) {
          typing.put(next.getKey(), next.getValue());
        }
      }
      while (!queue.presence().isEmpty() && presence.size() < MOST_FLEETING) {
        Queue.Presence next = queue.presence().pollFirstEntry().getValue();
        if (!next.at().plus(OLD).isBefore(now)) {
          presence.add(next);
        }
      }
    }

    private void addRoom(@Nullable RoomDebt debt) {
      if (debt == null) {
        return;
      }
      int most = Math.min(left, MOST_PDUS);
      List<Item> items = debt.first(most);
      if (debt.isDetailed()) {
        left -= items.size();
        rooms.add(new OfRoom(debt.room(), items, List.of(), false, debt.newest()));
        return;
      }
      List<Long> kept = debt.kept(most);
      // The latest come after all that must not be left out.
      boolean latest =
          debt.isWhole() && kept.size() < most && debt.kept(most + 1).size() < most + 1;
      left -= kept.size() + (latest ? 1 : 0);
      rooms.add(new OfRoom(debt.room(), List.of(), kept, latest, debt.newest()));
    }

    private void addReceipts(RoomId room) {
      Queue.Receipts owed = queue.receipts().get(room);
      if (owed != null) {
        left--;
        receipts.add(new ReceiptsOf(room, owed.since(), owed.newest()));
      }
    }
  }
}
