package org.hearth.server.servers.device;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.servers.device.DeviceRows.Amount;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;

/// Bounds what the inboxes of all devices of one user take together. When it is more, a tenth of
/// the bound is removed, from the largest inboxes first, and of none more than half; in each of
/// them as [DeviceRows] has it.
///
/// **Thread**: the shard's.
final class UserInboxes {
  /// Users whose inboxes are counted in memory; of the others they are counted in the database.
  private static final int COUNTED_USERS = 10_000;

  private static final String COUNTED =
      "SELECT device_id, COUNT(*), SUM(CAST(bytes AS BIGINT)) FROM device_message"
          + " WHERE user_id = ? GROUP BY device_id ORDER BY 3 DESC";

  private final DeviceRows messages;
  private final Amount most;
  private final ReadPool reads;

  /// What goes because a device has it, or is gone, is counted until the amount comes to the bound.
  private final Cache<String, Amount> amounts =
      Caffeine.newBuilder().maximumSize(COUNTED_USERS).build();

  /// The inbox of a device.
  private record Inbox(DeviceRows.Key key, Amount amount) {}

  UserInboxes(DeviceRows messages, Amount most, ReadPool reads) {
    this.messages = messages;
    this.most = most;
    this.reads = reads;
  }

  /// Counts a message that is to be added.
  ///
  /// @return what makes place for it
  List<RowChange> add(String user, int bytes) {
    Amount added = new Amount(1, bytes);
    Amount known = amounts.getIfPresent(user);
    if (known != null && most.isAtLeast(known.plus(added))) {
      amounts.put(user, known.plus(added));
      return List.of();
    }
    List<Inbox> largestFirst = largestFirst(user);
    Amount counted = largestFirst.stream().map(Inbox::amount).reduce(added, Amount::plus);
    Amount tooMuch = counted.tooMuchFor(most);
    amounts.put(user, counted.minus(tooMuch));
    return makeRoom(largestFirst, tooMuch);
  }

  private List<RowChange> makeRoom(List<Inbox> largestFirst, Amount tooMuch) {
    List<RowChange> changes = new ArrayList<>();
    Amount left = tooMuch;
    for (Inbox each : largestFirst) {
      if (left.isNothing()) {
        break;
      }
      Amount going = left.atMost(each.amount().half());
      changes.add(messages.makeRoom(each.key(), going));
      left = left.minus(going);
    }
    return changes;
  }

  private List<Inbox> largestFirst(String user) {
    return reads.select(
        COUNTED,
        statement -> statement.setString(1, user),
        row ->
            new Inbox(
                new DeviceRows.Key(user, row.getString(1)),
                new Amount(row.getInt(2), row.getLong(3))));
  }
}
