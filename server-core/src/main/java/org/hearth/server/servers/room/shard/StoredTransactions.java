package org.hearth.server.servers.room.shard;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.RoomInfo;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// The transactions under which devices have sent events that are committed, however long ago: a
/// telephone may come back after weeks and repeat the request whose answer it did not hear.
///
/// **thread**: any.
public final class StoredTransactions {
  // The index is named because every message asks, and without statistics the timeline's looks as
  // good.
  private static final String OF_TRANSACTION =
      "SELECT position, json, json_large, event_id FROM room_event"
          + " --DERBY-PROPERTIES index=room_event_by_transaction\n"
          + " WHERE room_nid = ? AND transaction_id = ? AND device = ?";

  private final ReadPool reads;
  private final TransactionFilter known;

  public StoredTransactions(ReadPool reads, TransactionFilter known) {
    this.reads = reads;
    this.known = known;
  }

  /// An event is being sent to the room in that transaction.
  void begun(RoomInfo room, ClientTransaction transaction) {
    known.add(room.number(), transaction);
  }

  /// The event that was sent to the room in that transaction; empty when none was.
  Optional<SentEvent> find(
      RoomInfo room,
      UserId sender,
      ClientTransaction transaction,
      String type,
      @Nullable EventId redacts) {
    if (known.isNew(room.number(), transaction)) {
      return Optional.empty();
    }
    return reads.read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(OF_TRANSACTION)) {
        statement.setLong(1, room.number());
        statement.setString(2, transaction.transactionId());
        statement.setString(3, transaction.device().value());
        try (ResultSet rows = statement.executeQuery()) {
          // Devices of several users may have one id, and one id may serve for several requests.
          while (rows.next()) {
            Pdu event = event(rows, room);
            if (event.sender().equals(sender)
                && event.type().equals(type)
                && event.redacts().equals(Optional.ofNullable(redacts))) {
              return Optional.of(
                  new SentEvent(EventRef.at(rows.getLong(1), event), event.eventId()));
            }
          }
          return Optional.empty();
        }
      }
    });
  }

  /// The event as it was sent: what a redacted one redacts is no longer in what is shown of it.
  private static Pdu event(ResultSet rows, RoomInfo room) throws SQLException {
    byte[] small = rows.getBytes(2);
    return StoredEvents.restore(
        EventId.parse(rows.getString(4)), small != null ? small : rows.getBytes(3), room.version());
  }
}
