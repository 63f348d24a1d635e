package org.hearth.server.readers.federationdelivery;

import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.Committer;
import org.hearth.server.store.RowChange;

/// What has changed of devices of users here. A user may share rooms with ten thousand servers, so
/// a change is one row, and which server has to be told of it is found out when that server has its
/// turn: then what it has to be told becomes rows of its own, which are there until it has
/// acknowledged them.
///
/// **thread**: any; of one server one at a time.
final class DeviceChanges {
  /// So many are looked at in one unit.
  static final int MOST_AT_ONCE = 200;

  private final Listeners listeners;
  private final DeliveryRows rows;
  private final Committer committer;

  DeviceChanges(Listeners listeners, DeliveryRows rows, Committer committer) {
    this.listeners = listeners;
    this.rows = rows;
    this.committer = committer;
  }

  /// What was written down for a server.
  ///
  /// @param edus how many rows there may be more
  /// @param next the position from which on more is to be looked at
  /// @param all whether all was looked at that there was
  record Written(int edus, long next, boolean all) {}

  /// Writes down what a server has to be told of what has changed from a position on.
  ///
  /// @throws org.hearth.server.store.StorageException if that is not possible now
  Written write(ServerName server, long from) {
    List<DeliveryRows.Change> changed = rows.changes(from, MOST_AT_ONCE);
    List<RowChange> changes = new ArrayList<>();
    int edus = 0;
    for (DeliveryRows.Change each : changed) {
      if (listeners.sharesRoom(each.user(), server)) {
        String user = each.user().value();
        changes.add(DeliveryRows.deleteOlder(server, each.edu().type(), user, each.device()));
        changes.addAll(DeliveryRows.add(server, each.edu(), user, each.device()));
        edus++;
      }
    }
    if (!changes.isEmpty()) {
      var _ = committer.commit(FederationDelivery.BOX, changes, List.of());
    }
    long next = changed.isEmpty() ? from : changed.getLast().edu().position() + 1;
    return new Written(edus, next, changed.size() < MOST_AT_ONCE);
  }
}
