package org.hearth.server.servers.room.shard;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.state.RefusedCounts;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// The rooms of one shard as they are after its last decision.
///
/// **bound**: a budget of bytes for rooms with all that is held of them, which a room is over that
/// is not committed yet; decisions under way, by [#MOST_BYTES_UNDER_WAY]; states noted during a
/// sweep, by [#MOST_REFERRED].
///
/// **thread**: the shard's.
public final class ShardRooms {
  /// A room in which so much happens during one sweep is swept another time.
  private static final int MOST_REFERRED = 100_000;

  /// Decisions that are not committed take so much, and one more, before the next command waits for
  /// them.
  static final long MOST_BYTES_UNDER_WAY = 16L << 20;

  private static final int REFUSED_BYTES = 200;
  private static final int REFERRED_BYTES = 70;

  private final RoomMemory memory;
  private final StoredTransactions transactions;
  private final Runnable awaitUnderWay;
  private final long maximumBytes;
  private final Map<RoomId, Held> rooms = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /// The decisions of all rooms that may not be committed, oldest first.
  private final Deque<Weighed> underWay = new ArrayDeque<>();

  private long bytesUnderWay;

  /// Rooms whose last command came to nothing half-way: what is in memory of them may lack its
  /// rows. At most one or two, because no command is handled before they are settled.
  private final Set<RoomId> halfDecided = new HashSet<>();

  private record Weighed(PendingDecision decision, long bytes) {}

  /// A room in the shard's memory.
  private static final class Held {
    private RoomView head;
    private final Deque<PendingDecision> underWay = new ArrayDeque<>();
    private final RecentTransactions transactions = new RecentTransactions();
    private @Nullable RefusedCounts refused;

    /// The states referred to since a sweep began; null when there is none.
    private @Nullable Set<Long> referred;

    /// What it weighed when it was weighed last.
    private long weighed;

    long weightBytes() {
      return head.weightBytes()
          + transactions.weightBytes()
          + (refused == null ? 0 : (long) REFUSED_BYTES * refused.size())
          + (referred == null ? 0 : (long) REFERRED_BYTES * referred.size());
    }

    Held(RoomView head) {
      this.head = head;
    }

    /// Lets go of what leads to no decision any more.
    void letGo() {
      while (!underWay.isEmpty() && underWay.peekFirst().hasEnded()) {
        underWay.removeFirst();
      }
    }

    /// Whether all that was decided about the room is committed.
    boolean isSettled() {
      return head.isSettled() && underWay.stream().allMatch(PendingDecision::hasEnded);
    }
  }

  /// @param awaitUnderWay returns when all that the shard has submitted is committed, or never will
  ///   be
  public ShardRooms(
      RoomMemory memory,
      StoredTransactions transactions,
      long maximumBytes,
      Runnable awaitUnderWay) {
    this.memory = memory;
    this.transactions = transactions;
    this.awaitUnderWay = awaitUnderWay;
    this.maximumBytes = maximumBytes;
  }

  /// The room after the shard's last decision about it.
  public Optional<RoomView> find(RoomId room) {
    Held held = rooms.get(room);
    if (held != null) {
      return Optional.of(held.head);
    }
    // All units about a room that is not held are committed, so what is committed is its head.
    Optional<RoomView> loaded = memory.rooms().find(room);
    loaded.ifPresent(this::advance);
    return loaded;
  }

  /// A decision brought the room to this.
  public void advance(RoomView head) {
    Held held = rooms.get(head.info().id());
    if (held == null) {
      held = new Held(head);
      rooms.put(head.info().id(), held);
    } else {
      held.head = head;
    }
    weigh(held);
  }

  private void weigh(Held held) {
    long weight = held.weightBytes();
    bytes += weight - held.weighed;
    held.weighed = weight;
  }

  /// A decision brought its room to where it is now.
  public void advance(Decision decision) {
    advance(decision.view());
    Held held = held(decision.view());
    held.letGo();
    held.underWay.addLast(decision.pending());
    long weight = decision.weightBytes();
    underWay.addLast(new Weighed(decision.pending(), weight));
    bytesUnderWay += weight;
    for (AddedEvent each : decision.sentInTransactions()) {
      ClientTransaction transaction = Objects.requireNonNull(each.transaction());
      held.transactions.add(each.event(), transaction, each.ref());
      transactions.begun(decision.view().info(), transaction);
    }
    if (held.referred != null) {
      decision.addStates(held.referred);
      if (held.referred.size() > MOST_REFERRED) {
        held.referred = null;
      }
    }
    weigh(held);
  }

  /// Waits for the decisions under way if they take too much memory; before the next command.
  ///
  /// @throws RuntimeException as [#forgetHalfDecided]
  public void awaitMemory() {
    while (!underWay.isEmpty() && underWay.peekFirst().decision().hasEnded()) {
      bytesUnderWay -= underWay.removeFirst().bytes();
    }
    if (bytesUnderWay > MOST_BYTES_UNDER_WAY) {
      awaitUnderWay.run();
    }
  }

  /// From now on it is noted which states the room refers to.
  public void watch(RoomView room) {
    held(room).referred = new HashSet<>();
  }

  /// The states that the room referred to since the watch began, if it was watched all the time.
  public Optional<Set<Long>> referred(RoomView room) {
    return Optional.ofNullable(held(room).referred);
  }

  /// The watch ends.
  public void unwatch(RoomView room) {
    Held held = held(room);
    held.referred = null;
    weigh(held);
  }

  /// The decisions about a room that may not be committed yet, oldest first.
  public Deque<Decision> underWay(RoomView room) {
    Deque<Decision> decisions = new ArrayDeque<>();
    Held held = rooms.get(room.info().id());
    if (held != null) {
      for (PendingDecision each : held.underWay) {
        Decision decision = each.decision();
        if (decision != null) {
          decisions.addLast(decision);
        }
      }
    }
    return decisions;
  }

  /// How many events a room that there is keeps though it has refused them.
  public RefusedCounts refused(RoomView room, ReadPool reads) {
    Held held = held(room);
    RefusedCounts known = held.refused;
    if (known == null) {
      known = RefusedCounts.load(reads, room.info().number());
      held.refused = known;
      weigh(held);
    }
    return known;
  }

  private Held held(RoomView room) {
    Held held = rooms.get(room.info().id());
    if (held == null) {
      throw new IllegalStateException(room.info().id() + " is not in the shard's memory");
    }
    return held;
  }

  /// The event that was sent to a room in that transaction; empty when none was.
  public Optional<SentEvent> sent(RoomView room, EventDraft draft, ClientTransaction transaction) {
    return sent(room, draft.sender(), transaction, draft.type(), draft.redacted());
  }

  /// The same of an event that was made already.
  public Optional<SentEvent> sent(RoomView room, Pdu event, ClientTransaction transaction) {
    return sent(room, event.sender(), transaction, event.type(), event.redacts().orElse(null));
  }

  private Optional<SentEvent> sent(
      RoomView room,
      UserId sender,
      ClientTransaction transaction,
      String type,
      @Nullable EventId redacts) {
    return held(room)
        .transactions
        .find(sender, transaction, type, redacts)
        .or(() -> transactions.find(room.info(), sender, transaction, type, redacts));
  }

  /// Notes a room about which something was begun that did not come to be. It is forgotten by
  /// [#forgetHalfDecided].
  public void halfDecided(RoomId room) {
    halfDecided.add(room);
  }

  /// Forgets the rooms of which something is half decided; before the next command. They stay noted
  /// if that fails: nothing may be decided on what is in memory of them.
  ///
  /// @throws RuntimeException what tells that it is not known yet what becomes of the decisions
  ///   under way
  public void forgetHalfDecided() {
    if (halfDecided.isEmpty()) {
      return;
    }
    // A room is found again as it is committed, so all that is under way must be committed first.
    awaitUnderWay.run();
    for (RoomId room : halfDecided) {
      Held held = rooms.remove(room);
      if (held != null) {
        bytes -= held.weighed;
      }
      memory.rooms().forget(room);
    }
    halfDecided.clear();
  }

  /// Forgets all rooms: also those that are not held, of which a commit that was found late may
  /// have brought back what failed behind it.
  public void clear() {
    memory.rooms().clear();
    rooms.clear();
    halfDecided.clear();
    underWay.clear();
    bytes = 0;
    bytesUnderWay = 0;
  }

  /// Lets go of the rooms that were used longest ago, as far as they are committed. The one that
  /// was used last stays, however large it is, or each command would read it again.
  public void trim() {
    Iterator<Held> oldestFirst = rooms.values().iterator();
    while (bytes > maximumBytes && oldestFirst.hasNext()) {
      Held held = oldestFirst.next();
      boolean isLast = !oldestFirst.hasNext() && maximumBytes > 0;
      if (held.isSettled() && !isLast) {
        bytes -= held.weighed;
        oldestFirst.remove();
      }
    }
  }
}
