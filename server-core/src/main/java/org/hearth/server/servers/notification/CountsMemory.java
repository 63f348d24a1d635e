package org.hearth.server.servers.notification;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.receipt.ReceiptQueries;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.jspecify.annotations.Nullable;

/// The rooms whose counts are in memory. All changes of one room are made in its turn, and none is
/// let go between two of them that is not stored.
///
/// **bound**: [#budgetBytes] of rooms that are stored as they are here, those used least recently
/// going first; with what has changed since it was last stored twice as many and one room, where
/// the one who counts has it stored when [#isCrowded] says so. **thread**: any.
final class CountsMemory {
  /// Member events of a room that are read at once.
  private static final int NAMES_AT_ONCE = 500;

  private static final int LONGEST_NAME = 1024;
  private static final int SHARE_THAT_STAYS = 8;

  private final StoredCounts table;
  private final RoomQueries rooms;
  private final ReceiptQueries receipts;
  private final ServerName server;
  private final long budgetBytes;
  private final ConcurrentMap<RoomId, RoomCounts> known = new ConcurrentHashMap<>();
  private final AtomicLong bytes = new AtomicLong();
  private final ReentrantLock lettingGo = new ReentrantLock();

  CountsMemory(
      StoredCounts table,
      RoomQueries rooms,
      ReceiptQueries receipts,
      ServerName server,
      long budgetBytes) {
    this.table = table;
    this.rooms = rooms;
    this.receipts = receipts;
    this.server = server;
    this.budgetBytes = budgetBytes;
  }

  /// The room, if anything was ever counted in it.
  Optional<RoomCounts> find(RoomId room) {
    RoomCounts counts = known.get(room);
    if (counts == null) {
      counts = known.computeIfAbsent(room, this::load);
      letGo();
    }
    if (counts != null) {
      counts.use();
    }
    return Optional.ofNullable(counts);
  }

  /// The room; one in which nothing was counted has its members from now on.
  ///
  /// @param upTo of room-output, that is before it
  RoomCounts get(RoomId room, LogPosition upTo) {
    RoomCounts counts = known.computeIfAbsent(room, _ -> loadOrBegin(room, upTo));
    counts.use();
    letGo();
    return counts;
  }

  /// Changes a room, which is the one that [#get] gives.
  <T> T change(RoomId room, LogPosition upTo, Function<RoomCounts, T> change) {
    List<T> result = new ArrayList<>();
    known.compute(
        room,
        (_, present) -> {
          RoomCounts counts = present == null ? loadOrBegin(room, upTo) : present;
          result.add(change.apply(counts));
          return counts;
        });
    return result.getFirst();
  }

  /// Changes a room that is in memory. One that comes in later reads from others what this would
  /// have changed.
  ///
  /// @param otherwise what is answered for a room that is not
  boolean changeIfHere(RoomId room, Function<RoomCounts, Boolean> change, boolean otherwise) {
    List<Boolean> result = new ArrayList<>();
    known.computeIfPresent(
        room,
        (_, counts) -> {
          result.add(change.apply(counts));
          return counts;
        });
    return result.isEmpty() ? otherwise : result.getFirst();
  }

  /// The rooms that are in memory.
  List<RoomId> rooms() {
    return List.copyOf(known.keySet());
  }

  /// A room that is not stored as it is here.
  Optional<RoomCounts> ifChanged(RoomId room) {
    return Optional.ofNullable(known.get(room)).filter(each -> !each.isStored());
  }

  // --- reading

  private @Nullable RoomCounts load(RoomId room) {
    Optional<CountsPacking.Unpacked> stored = table.of(room);
    stored.ifPresent(each -> {
      readReceipts(each.counts(), new LogPosition(each.receiptsUpTo()));
      bytes.addAndGet(each.counts().grown());
    });
    return stored.map(CountsPacking.Unpacked::counts).orElse(null);
  }

  private RoomCounts loadOrBegin(RoomId room, LogPosition upTo) {
    RoomCounts stored = load(room);
    if (stored != null) {
      return stored;
    }
    RoomCounts counts = new RoomCounts(room, upTo.value());
    List<UserId> users =
        rooms.joinedUsers(room).stream().filter(each -> each.server().equals(server)).toList();
    Optional<RoomState> state = rooms.currentState(room);
    for (int from = 0; from < users.size(); from += NAMES_AT_ONCE) {
      List<StateKey> keys =
          users.subList(from, Math.min(users.size(), from + NAMES_AT_ONCE)).stream()
              .map(each -> StateKey.member(each.value()))
              .toList();
      for (RoomEvent each : state.map(those -> those.events(keys)).orElse(List.of())) {
        join(counts, each.pdu());
      }
    }
    readReceipts(counts, LogPosition.ORIGIN);
    bytes.addAndGet(counts.grown());
    return counts;
  }

  private void join(RoomCounts counts, Pdu event) {
    Optional<UserId> user = localMember(event);
    if (user.isPresent() && Membership.isJoin(event)) {
      var _ = counts.join(user.get(), name(event), false);
    }
  }

  /// The user of this server whose membership an event is about.
  Optional<UserId> localMember(Pdu event) {
    return event
        .stateKey()
        .flatMap(each -> Identifiers.read(UserId::parse, each))
        .filter(this::isLocal);
  }

  boolean isLocal(UserId user) {
    return user.server().equals(server);
  }

  /// The display name that a member event gives, if it can be looked for.
  static @Nullable String name(Pdu event) {
    String name = event.content().path("displayname").textValue();
    return name == null || name.length() > LONGEST_NAME ? null : name;
  }

  /// Moves the markers of a room's members to where their receipts are.
  void readReceipts(RoomCounts counts, LogPosition after) {
    for (ReceiptOutput each : receipts.setAfter(counts.room(), after)) {
      var _ = counts.read(each.user(), each.thread(), each.place());
    }
  }

  // --- letting go

  /// Notes how large a room is that was stored.
  void measure(RoomCounts counts) {
    known.computeIfPresent(
        counts.room(),
        (_, present) -> {
          if (present == counts) {
            bytes.addAndGet(counts.grown());
          }
          return present;
        });
    letGo();
  }

  private void letGo() {
    if (bytes.get() <= budgetBytes || !lettingGo.tryLock()) {
      return;
    }
    try {
      List<Seen> all =
          known.values().stream()
              .map(each -> new Seen(each, each.lastUsed()))
              .sorted(Comparator.comparingLong(Seen::at))
              .toList();
      for (Seen each : all) {
        if (bytes.get() <= budgetBytes - budgetBytes / SHARE_THAT_STAYS) {
          return;
        }
        known.computeIfPresent(
            each.counts().room(), (_, counts) -> counts.isStored() ? gone(counts) : counts);
      }
    } finally {
      lettingGo.unlock();
    }
  }

  /// A room and when it was last used, as it was when they were sorted.
  private record Seen(RoomCounts counts, long at) {}

  private @Nullable RoomCounts gone(RoomCounts counts) {
    bytes.addAndGet(-counts.accountedBytes());
    return null;
  }

  long bytes() {
    return bytes.get();
  }

  /// Whether what cannot be let go is so much that it is to be stored now.
  boolean isCrowded() {
    return bytes.get() > 2 * budgetBytes;
  }
}
