package org.hearth.server.readers.federationdelivery;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// What one server has still to be told, and how it stands with it.
///
/// **bound**: as the constants say; debts beyond that take the place of the oldest. **thread**:
/// guarded by the lock of [Queues]; what is volatile may be read by any.
final class Queue {
  /// Rooms of which something is owed.
  static final int MOST_ROOMS = 10_000;

  /// Events that are remembered one by one for a server that takes what it is sent.
  static final int MOST_ITEMS = 1_000;

  /// The same for a server that does not answer: as many as one transaction has.
  static final int MOST_ITEMS_OF_FAILING = 50;

  /// Users whose typing, and users whose presence, is to be told.
  static final int MOST_VOLATILE = 200;

  /// What was tried alone and was refused.
  static final int MOST_SUSPECTS = 100;

  private static final int WIDEST = 150;

  private final ServerName name;
  private final SequencedMap<RoomId, RoomDebt> rooms = new LinkedHashMap<>();
  private final SequencedMap<RoomId, Receipts> receipts = new LinkedHashMap<>();
  private final SequencedMap<Typist, Typing> typing = new LinkedHashMap<>();
  private final SequencedMap<UserId, Presence> presence = new LinkedHashMap<>();
  private final SequencedMap<Object, Suspect> suspects = new LinkedHashMap<>();

  /// The rows of debts that are in the table.
  private Set<DeliveryRows.Debt> stored = new HashSet<>();

  private @Nullable Devices devices;
  private int items;
  private long edus;
  private boolean hasEdus;

  /// When the oldest of what it has to be told was added; null when there is nothing.
  private @Nullable Instant oldest;

  private @Nullable Transaction retained;
  private int width = WIDEST;
  private int refusals;
  private long accepted;
  private Instant pausedUntil = Instant.EPOCH;
  private Instant lastLife = Instant.EPOCH;
  private String lastError = "";

  private volatile Standing standing = Standing.NEW;

  /// Who has last caused that it has something to be told.
  private volatile Cause cause = Cause.NONE;

  /// Whether it is to be tried soon though it did not answer: it has said something since the last
  /// attempt began, or the owner wants that.
  private volatile boolean urgent;

  /// Whether its last turn went on for so long that another had to take its place. Written by
  /// [Turns].
  private volatile boolean slow;

  private boolean sending;
  private @Nullable Instant alarmAt;
  private Runnable callOff = () -> {};

  /// What became of the last attempt.
  enum Standing {
    NEW,
    ANSWERS,
    FAILS
  }

  /// Receipts of a room that were set since.
  record Receipts(long since, long newest) {}

  /// Devices have changed since that may have to be told of.
  record Devices(long since, long newest) {}

  /// Who types where.
  record Typist(RoomId room, UserId user) {}

  /// Whether a user types, and since when that is known.
  record Typing(boolean typing, Instant at) {}

  record Presence(PresenceOutput news, Instant at) {}

  /// What was refused when it was sent alone.
  ///
  /// @param acceptedBefore what the server had taken by the first time
  record Suspect(int times, long acceptedBefore) {}

  Queue(ServerName name) {
    this.name = name;
  }

  ServerName name() {
    return name;
  }

  // --- what is owed

  SequencedMap<RoomId, RoomDebt> rooms() {
    return rooms;
  }

  SequencedMap<RoomId, Receipts> receipts() {
    return receipts;
  }

  SequencedMap<Typist, Typing> typing() {
    return typing;
  }

  SequencedMap<UserId, Presence> presence() {
    return presence;
  }

  /// An event is to be sent.
  ///
  /// @return whether there is a row of debts now that there was not
  boolean add(RoomId room, Item item, boolean keep, Instant now) {
    RoomDebt debt =
        rooms.computeIfAbsent(
            room, each -> isFailing() && !fits(1) ? RoomDebt.stored(each) : RoomDebt.known(each));
    boolean another = debt.add(item, keep);
    items += debt.isDetailed() ? 1 : 0;
    if (!fits(0)) {
      forgetItems();
    }
    if (rooms.size() > MOST_ROOMS) {
      var _ = rooms.pollFirstEntry();
    }
    begun(now);
    return another;
  }

  private boolean fits(int more) {
    return items + more <= (isFailing() ? MOST_ITEMS_OF_FAILING : MOST_ITEMS);
  }

  boolean isFailing() {
    return standing == Standing.FAILS;
  }

  /// From now on it is sent the latest events of each room.
  void forgetItems() {
    rooms.values().forEach(RoomDebt::forgetItems);
    items = 0;
  }

  /// Counts anew after something was paid.
  void settle(Instant now) {
    rooms.values().removeIf(RoomDebt::isPaid);
    items = rooms.values().stream().filter(RoomDebt::isDetailed).mapToInt(RoomDebt::size).sum();
    for (RoomDebt each : rooms.values()) {
      if (each.rows().stream().noneMatch(stored::contains)) {
        each.advance();
      }
    }
    oldest = owesDebts() || hasEdus ? now : null;
  }

  private boolean owesDebts() {
    return !rooms.isEmpty() || !receipts.isEmpty() || devices != null;
  }

  /// A device has changed of which it may have to be told.
  ///
  /// @return whether there is a row of debts now that there was not
  boolean addDevices(long position, Instant now) {
    Devices before = devices;
    // What was held back in the log may come after what is newer.
    devices =
        before == null
            ? new Devices(position, position)
            : new Devices(Math.min(before.since(), position), Math.max(before.newest(), position));
    begun(now);
    return before == null || position < before.since();
  }

  @Nullable Devices devices() {
    return devices;
  }

  /// What it has to be told of these devices is written down.
  void devicesWritten(Devices these, DeviceChanges.Written written) {
    Devices now = devices;
    // What was held back in the log may have come meanwhile.
    if (now != null && now.since() >= these.since()) {
      boolean done = written.all() && now.newest() <= these.newest();
      long next = Math.max(now.since(), written.next());
      devices = done ? null : new Devices(next, Math.max(next, now.newest()));
    }
  }

  /// The receipts of a room are to be sent from that position on.
  ///
  /// @return whether there is a row of debts now that there was not
  boolean addReceipt(RoomId room, long position, Instant now) {
    Receipts before = receipts.get(room);
    receipts.put(
        room,
        before == null
            ? new Receipts(position, position)
            : new Receipts(
                Math.min(before.since(), position), Math.max(before.newest(), position)));
    if (receipts.size() > MOST_ROOMS) {
      var _ = receipts.pollFirstEntry();
    }
    begun(now);
    return before == null || position < before.since();
  }

  /// It has been told these receipts.
  void receiptsTold(Transaction.ReceiptsOf told) {
    receipts.computeIfPresent(
        told.room(),
        (_, owed) -> {
          if (owed.since() < told.since()) {
            return owed;
          }
          return owed.newest() < told.next() ? null : new Receipts(told.next(), owed.newest());
        });
  }

  private void begun(Instant now) {
    if (oldest == null) {
      oldest = now;
    }
  }

  static <K, V> void put(SequencedMap<K, V> volatiles, K key, V value) {
    volatiles.remove(key);
    volatiles.put(key, value);
    if (volatiles.size() > MOST_VOLATILE) {
      var _ = volatiles.pollFirstEntry();
    }
  }

  boolean hasEdus() {
    return hasEdus;
  }

  void hasEdus(boolean now) {
    hasEdus = now;
  }

  /// About how many EDUs are in the table.
  long edus() {
    return edus;
  }

  void edusAdded(long count, Instant now) {
    edus += count;
    hasEdus = true;
    begun(now);
  }

  void edusGone(long count) {
    edus = Math.max(0, edus - count);
  }

  boolean isEmpty() {
    return !owesDebts()
        && typing.isEmpty()
        && presence.isEmpty()
        && !hasEdus
        && retained == null
        && stored.isEmpty();
  }

  /// How much it has to be told, rooms of which it gets the latest counting as one.
  long size() {
    return rooms.values().stream().mapToLong(RoomDebt::size).sum()
        + receipts.size()
        + typing.size()
        + presence.size()
        + (devices == null ? 0 : 1)
        + edus;
  }

  // --- its rows

  List<DeliveryRows.Debt> rows() {
    List<DeliveryRows.Debt> rows = new ArrayList<>();
    rooms.values().forEach(each -> rows.addAll(each.rows()));
    receipts.forEach((room, each) ->
        rows.add(new DeliveryRows.Debt(DeliveryRows.Kind.RECEIPTS, room, each.since())));
    Devices changed = devices;
    if (changed != null) {
      rows.add(DeliveryRows.Debt.ofDevices(changed.since()));
    }
    return rows;
  }

  Set<DeliveryRows.Debt> stored() {
    return stored;
  }

  void stored(Set<DeliveryRows.Debt> rows) {
    stored = rows;
  }

  /// Whether what it has to be told must survive a restart as rows: the progress of all others does
  /// not wait for it, nor for what it has refused while it takes the rest.
  boolean isLate(Instant now, Duration patience) {
    Instant first = oldest;
    return isFailing()
        || !suspects.isEmpty()
        || (first != null && !first.plus(patience).isAfter(now));
  }

  // --- attempts

  @Nullable Transaction retained() {
    return retained;
  }

  void retained(@Nullable Transaction transaction) {
    retained = transaction;
  }

  int width() {
    return width;
  }

  /// Something in what was refused is to be found: half as much is sent.
  void narrow(int sent) {
    width = Math.max(1, Math.min(width, sent) / 2);
  }

  void widen() {
    width = Math.min(WIDEST, width * 2);
  }

  int refusals() {
    return refusals;
  }

  void refusals(int count) {
    refusals = count;
  }

  long accepted() {
    return accepted;
  }

  void countAccepted() {
    accepted++;
  }

  Map<Object, Suspect> suspects() {
    return suspects;
  }

  void suspect(Object what, Suspect suspect) {
    suspects.remove(what);
    suspects.put(what, suspect);
    if (suspects.size() > MOST_SUSPECTS) {
      var _ = suspects.pollFirstEntry();
    }
  }

  Instant pausedUntil() {
    return pausedUntil;
  }

  void pauseUntil(Instant moment) {
    pausedUntil = moment;
  }

  Instant lastLife() {
    return lastLife;
  }

  void lastLife(Instant moment) {
    lastLife = moment;
  }

  String lastError() {
    return lastError;
  }

  void lastError(String words) {
    lastError = words;
  }

  Standing standing() {
    return standing;
  }

  void standing(Standing now) {
    standing = now;
  }

  Cause cause() {
    return cause;
  }

  void cause(Cause now) {
    cause = now;
  }

  /// With which servers it shares turns. Those that do not answer may hang, so none of them waits
  /// there that is to be tried soon.
  Standing turns() {
    if (standing != Standing.FAILS && !slow) {
      return standing;
    }
    return urgent ? Standing.NEW : Standing.FAILS;
  }

  void urgent(boolean now) {
    urgent = now;
  }

  boolean isSlow() {
    return slow;
  }

  void slow(boolean isSlow) {
    slow = isSlow;
  }

  boolean isSending() {
    return sending;
  }

  void sending(boolean now) {
    sending = now;
  }

  // --- its alarm

  /// Whether an alarm for that moment would come first.
  boolean wantsAlarm(Instant moment) {
    return alarmAt == null || moment.isBefore(alarmAt);
  }

  void alarm(Instant moment, Runnable off) {
    callOff.run();
    alarmAt = moment;
    callOff = off;
  }

  boolean isAlarm(Instant moment) {
    return moment.equals(alarmAt);
  }

  void noAlarm() {
    callOff.run();
    callOff = () -> {};
    alarmAt = null;
  }
}
