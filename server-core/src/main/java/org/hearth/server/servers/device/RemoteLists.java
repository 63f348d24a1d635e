package org.hearth.server.servers.device;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.DeviceInput.RemoteDevice;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.device.RemoteDevices.Amount;
import org.hearth.server.servers.device.RemoteDevices.Head;
import org.hearth.server.store.RowChange;
import org.jspecify.annotations.Nullable;

/// Decides what becomes of the lists of devices of users of other servers.
///
/// A list is kept of who shares a room with a user of this server: their servers tell what changes,
/// each change with the one that was before it. Where one is missing the list is out of date until
/// it is fetched.
///
/// **thread**: the shard's. **source**: [device management][management].
///
/// [management]: https://spec.matrix.org/v1.19/server-server-api/#device-management
final class RemoteLists {
  /// Servers of whose lists it is remembered how many there are.
  private static final int MOST_SERVERS = 1_000;

  /// How long nothing is counted anew of who has come to a bound.
  private static final Duration FULL = Duration.ofMinutes(1);

  private final RemoteDevices devices;
  private final Needed needed;
  private final Amount mostOfServer;
  private final Amount most;

  /// Lists that are being committed; no more than the commits that are under way.
  private final ConcurrentMap<UserId, Head> underWay = new ConcurrentHashMap<>();

  private final Cache<Optional<ServerName>, Amount> amounts =
      Caffeine.newBuilder().maximumSize(MOST_SERVERS).build();
  private final Cache<Bound, Boolean> full =
      Caffeine.newBuilder().maximumSize(MOST_SERVERS).expireAfterWrite(FULL).build();

  /// What has come to its bound: the lists, or what they take, of a server or of all.
  private record Bound(Optional<ServerName> server, boolean ofLists) {}

  /// Whose devices have to be known. **thread**: any.
  @FunctionalInterface
  interface Needed {
    /// Whether a user of this server shares a room with that one.
    ///
    /// @param except rooms that do not count
    boolean isNeeded(UserId user, Set<RoomId> except);
  }

  /// What is to be written.
  ///
  /// @param settled to be run when it was committed or was not
  record Decision(List<RowChange> rows, List<DeviceOutput> entries, Runnable settled) {
    static final Decision NOTHING = new Decision(List.of(), List.of(), () -> {});

    Decision {
      rows = List.copyOf(rows);
      entries = List.copyOf(entries);
    }

    boolean isNothing() {
      return rows.isEmpty();
    }
  }

  RemoteLists(RemoteDevices devices, Needed needed) {
    this(devices, needed, RemoteDevices.MOST_OF_SERVER, RemoteDevices.MOST);
  }

  /// @param mostOfServer what is kept of the users of one server
  /// @param most what is kept of all
  RemoteLists(RemoteDevices devices, Needed needed, Amount mostOfServer, Amount most) {
    this.devices = devices;
    this.needed = needed;
    this.mostOfServer = mostOfServer;
    this.most = most;
  }

  private Head head(UserId user) {
    Head head = underWay.get(user);
    return head == null ? devices.head(user) : head;
  }

  /// "If a server receives an EDU which refers to a `prev_id` it does not recognise, it must
  /// resynchronise its list".
  Decision take(DeviceInput.ReceiveDeviceUpdate update) {
    UserId user = update.user();
    Head head = head(user);
    if (!head.there()) {
      return begin(user, true);
    }
    if (!head.fresh()) {
      return mark(user, head);
    }
    if (update.streamId() == head.streamId()) {
      return Decision.NOTHING; // It came before.
    }
    // An empty list is that of "the first EDU in a sequence": there were others before, which are
    // in what was fetched, or are not.
    boolean follows =
        !update.prevId().isEmpty()
            && update.prevId().stream().allMatch(each -> each == head.streamId());
    if (!follows) {
      return mark(user, head);
    }
    // "Each new `m.device_list_update` EDU describes an incremental change to one device for a
    // given user which should replace any existing entry".
    @Nullable RemoteDevice device =
        update.deleted()
            ? null
            : new RemoteDevice(update.device(), update.displayName(), update.keys());
    int bytes = device == null ? 0 : RemoteDevices.bytes(device.keys()).length;
    Head after = head.updated(update.streamId(), device == null ? 0 : 1, bytes);
    if (after.isTooLarge() || !hasPlace(user, new Amount(0, bytes))) {
      // What was replaced was counted, too: what there really is says the whole list.
      return mark(user, head);
    }
    return decide(user, after, RemoteDevices.update(user, update.device(), device, after));
  }

  Decision take(DeviceInput.ReceiveSigningKeys keys) {
    UserId user = keys.user();
    Head head = head(user);
    if (!head.there()) {
      return begin(user, true);
    }
    if (!head.fresh()) {
      return mark(user, head);
    }
    List<RowChange> rows = new ArrayList<>();
    if (keys.masterKey() != null) {
      rows.add(RemoteDevices.setMasterKey(user, keys.masterKey()));
    }
    if (keys.selfSigningKey() != null) {
      rows.add(RemoteDevices.setSelfSigningKey(user, keys.selfSigningKey()));
    }
    if (rows.isEmpty()) {
      return Decision.NOTHING;
    }
    int bytes =
        RemoteDevices.bytes(keys.masterKey()).length
            + RemoteDevices.bytes(keys.selfSigningKey()).length;
    Head after = head.updated(head.streamId(), 0, bytes);
    return after.isTooLarge() || !hasPlace(user, new Amount(0, bytes))
        ? mark(user, head)
        : decide(user, after, rows);
  }

  /// Somebody has asked for the user's devices. Who asked has been told of them.
  Decision take(DeviceInput.FollowDevices follow) {
    return head(follow.user()).there() ? Decision.NOTHING : begin(follow.user(), false);
  }

  /// The list was fetched.
  Decision take(DeviceInput.ReceiveDeviceList list) {
    UserId user = list.user();
    Head head = head(user);
    if (!head.there()) {
      return Decision.NOTHING;
    }
    long bytes =
        RemoteDevices.bytes(list.masterKey()).length
            + RemoteDevices.bytes(list.selfSigningKey()).length
            + list.devices().stream()
                .mapToLong(each -> RemoteDevices.bytes(each.keys()).length)
                .sum();
    Amount more = new Amount(0, Math.max(0, bytes - head.bytes()));
    if (bytes > RemoteDevices.MOST_BYTES
        || list.devices().size() > RemoteDevices.MOST_DEVICES
        || !hasPlace(user, more)
        // Who has gone while the list was begun or fetched was not seen to go.
        || !needed.isNeeded(user, Set.of())) {
      return decide(user, Head.NOT_THERE, RemoteDevices.forget(user));
    }
    Head after =
        new Head(
            true,
            list.streamId(),
            head.marks() == list.asOf(),
            head.marks(),
            list.devices().size(),
            (int) bytes);
    return decide(user, after, RemoteDevices.replace(list, (int) bytes));
  }

  private Decision begin(UserId user, boolean told) {
    if (!needed.isNeeded(user, Set.of()) || !hasPlace(user, new Amount(1, 0))) {
      return Decision.NOTHING;
    }
    return decide(user, Head.BEGUN, RemoteDevices.begin(user, told));
  }

  private Decision mark(UserId user, Head head) {
    return decide(user, head.marked(), List.of(RemoteDevices.mark(user)));
  }

  private Decision decide(UserId user, Head after, List<RowChange> rows) {
    underWay.put(user, after);
    return new Decision(
        rows,
        List.of(new DeviceOutput.RemoteDevicesChanged(user)),
        () -> underWay.remove(user, after));
  }

  // --- bounds

  /// Whether more may be kept; then it is counted. What goes is counted until the bound is come to.
  private boolean hasPlace(UserId user, Amount more) {
    if (more.lists() == 0 && more.bytes() == 0) {
      return true;
    }
    Optional<ServerName> server = Optional.of(user.server());
    if (isFull(server, more, mostOfServer) || isFull(Optional.empty(), more, most)) {
      return false;
    }
    add(server, more);
    add(Optional.empty(), more);
    return true;
  }

  private boolean isFull(Optional<ServerName> server, Amount more, Amount bound) {
    Bound asked = new Bound(server, more.lists() > 0);
    if (full.getIfPresent(asked) != null) {
      return true;
    }
    Amount known = Objects.requireNonNull(amounts.get(server, devices::amount));
    if (bound.isAtLeast(plus(known, more))) {
      return false;
    }
    Amount stored = devices.amount(server);
    amounts.put(server, stored);
    boolean isFull = !bound.isAtLeast(plus(stored, more));
    if (isFull) {
      full.put(asked, true);
    }
    return isFull;
  }

  private void add(Optional<ServerName> server, Amount more) {
    amounts.put(server, plus(Objects.requireNonNull(amounts.get(server, devices::amount)), more));
  }

  private static Amount plus(Amount one, Amount other) {
    return new Amount(one.lists() + other.lists(), one.bytes() + other.bytes());
  }
}
