package org.hearth.server.servers.device;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.Device;
import org.hearth.server.services.keys.KeptDevices;
import org.hearth.server.services.keys.KeyQueries;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// Follows what changes of the devices of this server's users, and numbers the updates that other
/// servers are told; and who comes to rooms and leaves them, on which depends who has to be told,
/// and whose devices are needed here.
///
/// Both readers store how far they are, with what they decide or from time to time: an update may be
/// told twice after a crash, and none is left out.
///
/// **thread**: the two logs' for their readers; numbers are given by one at a time. **source**:
/// [device management][management].
///
/// [management]: https://spec.matrix.org/v1.19/server-server-api/#device-management
final class LocalLists {
  static final Table STREAM =
      new Table(
          "device_list_stream", "one row an account", "nothing: a number is never given again");
  static final Table PROGRESS =
      new Table("device_list_progress", "one row a log", "nothing: there are two");

  /// Updates of one unit.
  static final int UPDATES_A_UNIT = 500;

  /// After so many entries of which none concerned anybody it is stored how far a reader is.
  static final int ENTRIES_UNTIL_STORED = 1_000;

  /// So many users are looked for one by one.
  private static final int FEW = 100;

  private final Needs needs;
  private final AccountReader accountReader;
  private final RoomReader roomReader;

  /// What this uses.
  ///
  /// @param epoch of the store
  /// @param output of the Device Server
  record Needs(
      ReadPool reads,
      long epoch,
      AccountQueries accounts,
      KeyQueries keys,
      SharedRooms rooms,
      RemoteDevices remote,
      JournalWriter<DeviceOutput> output) {}

  /// What of a user other servers are told.
  private sealed interface Update {
    record OfDevice(UserId user, DeviceId device) implements Update {}

    record OfSigningKeys(UserId user) implements Update {}
  }

  /// @param head the last position that was committed: nobody was told of earlier changes
  LocalLists(Needs needs, LogPosition head) {
    this.needs = needs;
    accountReader = new AccountReader(progress("account-output").orElse(head));
    roomReader = new RoomReader(progress("room-output").orElse(head));
  }

  List<Reading<?>> readings(OutputLog<AccountOutput> account, OutputLog<RoomOutput> room) {
    return List.of(Reading.of(account, accountReader), Reading.of(room, roomReader));
  }

  private Optional<LogPosition> progress(String log) {
    return needs
        .reads()
        .first(
            "SELECT position FROM device_list_progress WHERE log = ?",
            statement -> statement.setString(1, log),
            row -> new LogPosition(row.getLong(1)));
  }

  /// The last update of the user's devices that others were told.
  static Optional<Long> stream(ReadPool reads, UserId user) {
    return reads.first(
        "SELECT stream_id FROM device_list_stream WHERE user_id = ?",
        statement -> statement.setString(1, user.value()),
        row -> row.getLong(1));
  }

  // --- numbering

  /// Numbers updates, and stores how far the log was read.
  ///
  /// "Servers send `m.device_list_update` EDUs in a sequence per origin user, each with a unique
  /// `stream_id`. They also include a pointer to the most recent previous EDU(s) that this update
  /// is relative to in the `prev_id` field."
  private synchronized void announce(Collection<Update> updates, String log, LogPosition upTo) {
    List<Update> all = new ArrayList<>(updates);
    int from = 0;
    do {
      int to = Math.min(all.size(), from + UPDATES_A_UNIT);
      List<RowChange> rows = new ArrayList<>();
      List<DeviceOutput> entries = number(all.subList(from, to), upTo, rows);
      if (to == all.size()) {
        rows.addAll(store(log, upTo));
      }
      var _ = needs.output().commit(rows, entries);
      from = to;
    } while (from < all.size());
  }

  private List<DeviceOutput> number(List<Update> updates, LogPosition upTo, List<RowChange> rows) {
    Map<UserId, Long> last = new HashMap<>();
    List<DeviceOutput> entries = new ArrayList<>();
    for (Update each : updates) {
      switch (each) {
        case Update.OfDevice(var user, var device) -> {
          Optional<Long> before =
              last.containsKey(user) ? Optional.of(last.get(user)) : stream(needs.reads(), user);
          // As high as the position, and after a restore as the time of that: no number that was
          // given before is given again.
          long next = Math.max(Math.max(upTo.value(), needs.epoch()), before.orElse(0L) + 1);
          entries.add(
              new DeviceOutput.DeviceListChanged(
                  user, device, next, before.map(List::of).orElse(List.of())));
          last.put(user, next);
        }
        case Update.OfSigningKeys(var user) ->
            entries.add(new DeviceOutput.SigningKeysChanged(user));
      }
    }
    last.forEach((user, stream) -> {
      rows.add(
          RowChange.of(
              STREAM,
              "DELETE FROM device_list_stream WHERE user_id = ?",
              (statement, _) -> statement.setString(1, user.value())));
      rows.add(
          RowChange.of(
              STREAM,
              "INSERT INTO device_list_stream (user_id, stream_id) VALUES (?, ?)",
              (statement, _) -> {
                statement.setString(1, user.value());
                statement.setLong(2, stream);
              }));
    });
    return entries;
  }

  private static List<RowChange> store(String log, LogPosition upTo) {
    return List.of(
        RowChange.of(
            PROGRESS,
            "DELETE FROM device_list_progress WHERE log = ?",
            (statement, _) -> statement.setString(1, log)),
        RowChange.of(
            PROGRESS,
            "INSERT INTO device_list_progress (log, position) VALUES (?, ?)",
            (statement, _) -> {
              statement.setString(1, log);
              statement.setLong(2, upTo.value());
            }));
  }

  // --- following

  /// What both readers do.
  private abstract sealed class Following<E> implements LogReader<E>
      permits AccountReader, RoomReader {
    private final String log;
    private volatile LogPosition position;
    private int sinceStored;

    /// What the batch at hand brings.
    final Set<Update> updates = new LinkedHashSet<>();

    Following(String log, LogPosition position) {
      this.log = log;
      this.position = position;
    }

    @Override
    public String name() {
      return DeviceServer.READER;
    }

    @Override
    public LogPosition position() {
      return position;
    }

    /// Notes what an entry brings.
    abstract void take(E entry);

    /// Writes what else follows from the batch; it may be done twice.
    void settle() {}

    void clear() {
      updates.clear();
    }

    @Override
    public void onBatch(List<Positioned<E>> batch) {
      LogPosition reached = batch.getLast().position();
      take(batch, reached.isAfter(position) ? reached : position);
    }

    @Override
    public void onRelease(List<Positioned<E>> entries) {
      take(entries, position);
    }

    private void take(List<Positioned<E>> batch, LogPosition reached) {
      clear();
      batch.forEach(each -> take(each.entry()));
      settle();
      sinceStored += batch.size();
      if (!updates.isEmpty() || sinceStored >= ENTRIES_UNTIL_STORED) {
        announce(updates, log, reached);
        sinceStored = 0;
      }
      position = reached;
    }
  }

  /// Follows account-output: "whenever that user's device list changes (i.e. for new or deleted
  /// devices, … or changes in device information such as the device's human-readable name)".
  private final class AccountReader extends Following<AccountOutput> {
    AccountReader(LogPosition position) {
      super("account-output", position);
    }

    @Override
    void take(AccountOutput entry) {
      switch (entry) {
        case AccountOutput.DeviceAdded(var user, var device) ->
            updates.add(new Update.OfDevice(user, device));
        case AccountOutput.DeviceChanged(var user, var device) ->
            updates.add(new Update.OfDevice(user, device));
        case AccountOutput.DeviceRemoved(var user, var device) ->
            updates.add(new Update.OfDevice(user, device));
        case AccountOutput.DeviceKeysChanged(var user, var devices) -> {
          List<DeviceId> changed = devices == null ? devices(user) : devices;
          changed.forEach(each -> updates.add(new Update.OfDevice(user, each)));
        }
        case AccountOutput.SigningKeysChanged(var user) ->
            updates.add(new Update.OfSigningKeys(user));
        case AccountOutput.AccountCreated _,
            AccountOutput.AccountDeactivated _,
            AccountOutput.UserVerified _,
            AccountOutput.ProfileChanged _,
            AccountOutput.AccountDataChanged _,
            AccountOutput.AliasAdded _,
            AccountOutput.AliasRemoved _,
            AccountOutput.RoomPublished _ -> {
          // No device is another.
        }
      }
    }
  }

  /// Those that are logged in, and the dehydrated one.
  private List<DeviceId> devices(UserId user) {
    List<DeviceId> devices =
        new ArrayList<>(needs.accounts().devices(user).stream().map(Device::id).toList());
    needs.keys().dehydratedDevice(user).ifPresent(devices::add);
    return devices;
  }

  /// Follows room-output.
  private final class RoomReader extends Following<RoomOutput> {
    /// From which rooms users of other servers have gone.
    private final Map<UserId, Set<RoomId>> gone = new LinkedHashMap<>();

    /// In which nobody of this server is left.
    private final Set<RoomId> left = new LinkedHashSet<>();

    RoomReader(LogPosition position) {
      super("room-output", position);
    }

    @Override
    void clear() {
      super.clear();
      gone.clear();
      left.clear();
    }

    @Override
    void take(RoomOutput entry) {
      boolean wasJoined =
          entry instanceof RoomOutput.EventAdded added
              && added.previousMembership() == Membership.JOIN;
      for (RoomOutput.Member each : entry.members()) {
        each.id().ifPresent(user -> take(entry.room(), user, each.membership(), wasJoined));
      }
    }

    private void take(RoomId room, UserId user, Membership now, boolean wasJoined) {
      boolean isHere = user.isOn(needs.rooms().here());
      if (now == Membership.JOIN) {
        if (isHere && !wasJoined) {
          joined(room, user);
        }
      } else if (!isHere) {
        gone.computeIfAbsent(user, _ -> new LinkedHashSet<>()).add(room);
      } else if (!needs.rooms().peers().servers(room).contains(needs.rooms().here())) {
        left.add(room);
      }
    }

    /// "When that user joins a room which contains servers which are not already receiving updates
    /// for that user's device list": one update is enough, since those do not know the one before
    /// it, and fetch all.
    private void joined(RoomId room, UserId user) {
      if (needs.rooms().peers().servers(room).stream()
          .anyMatch(each -> !each.equals(needs.rooms().here()))) {
        devices(user).stream()
            .findFirst()
            .ifPresent(device -> updates.add(new Update.OfDevice(user, device)));
      }
    }

    /// The lists of whom nobody here shares a room with any more go: their servers say nothing of
    /// them from now on. Those of who has come back meanwhile are fetched again: devices may have
    /// changed in between.
    @Override
    void settle() {
      Map<UserId, Set<RoomId>> unsure = unsure();
      List<RowChange> rows = new ArrayList<>();
      List<DeviceOutput> entries = new ArrayList<>();
      for (var each : unsure.entrySet()) {
        UserId user = each.getKey();
        if (!needs.rooms().isNeeded(user, each.getValue())) {
          rows.addAll(
              needs.rooms().isNeeded(user, Set.of())
                  ? List.of(RemoteDevices.mark(user))
                  : RemoteDevices.forget(user));
          entries.add(new DeviceOutput.RemoteDevicesChanged(user));
        }
        if (entries.size() == UPDATES_A_UNIT) {
          commit(rows, entries);
        }
      }
      commit(rows, entries);
    }

    private void commit(List<RowChange> rows, List<DeviceOutput> entries) {
      if (!entries.isEmpty()) {
        var _ = needs.output().commit(rows, entries);
        rows.clear();
        entries.clear();
      }
    }

    /// The users whose lists are kept and with whom perhaps nobody here shares a room, with the
    /// rooms that they share no more.
    private Map<UserId, Set<RoomId>> unsure() {
      Map<UserId, Set<RoomId>> unsure = new LinkedHashMap<>();
      if (gone.isEmpty() && left.isEmpty()) {
        return unsure;
      }
      Predicate<UserId> isKept =
          left.isEmpty() && gone.size() <= FEW
              ? user -> needs.remote().knowledge(user) != KeptDevices.Knowledge.NONE
              : needs.remote().users()::contains;
      gone.forEach((user, rooms) -> {
        if (isKept.test(user)) {
          unsure.put(user, rooms);
        }
      });
      for (RoomId each : left) {
        needs.rooms().rooms().joinedUsers(each).stream()
            .filter(isKept)
            .forEach(user -> unsure.computeIfAbsent(user, _ -> new LinkedHashSet<>()).add(each));
      }
      return unsure;
    }
  }
}
