package org.hearth.server.servers.room;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayDeque;
import java.util.Deque;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.store.ReadPool;

/// Reads the recent transactions of a room from its events.
final class TransactionLoader {
  private static final String RECENT =
      "SELECT position, device, transaction_id, json, json_large, event_id FROM room_event"
          + " WHERE room_nid = ? AND place > 0 ORDER BY place DESC FETCH FIRST "
          + RecentTransactions.READ_BACK
          + " ROWS ONLY";

  private final ReadPool reads;

  TransactionLoader(ReadPool reads) {
    this.reads = reads;
  }

  private record Found(Pdu event, ClientTransaction transaction, long position) {}

  /// The transactions of a room whose events are all committed.
  RecentTransactions load(RoomInfo room) {
    Deque<Found> oldestFirst =
        reads.read(connection -> {
          Deque<Found> found = new ArrayDeque<>();
          try (PreparedStatement statement = connection.prepareStatement(RECENT)) {
            statement.setLong(1, room.number());
            try (ResultSet rows = statement.executeQuery()) {
              while (rows.next()) {
                String device = rows.getString(2);
                if (device != null) {
                  byte[] small = rows.getBytes(4);
                  byte[] json = small != null ? small : rows.getBytes(5);
                  found.push(
                      new Found(
                          Pdu.restore(EventId.parse(rows.getString(6)), json, room.version()),
                          new ClientTransaction(DeviceId.parse(device), rows.getString(3)),
                          rows.getLong(1)));
                }
              }
            }
          }
          return found;
        });
    RecentTransactions recent = new RecentTransactions();
    oldestFirst.forEach(each ->
        recent.add(each.event(), each.transaction(), EventRef.at(each.position(), each.event())));
    return recent;
  }
}
