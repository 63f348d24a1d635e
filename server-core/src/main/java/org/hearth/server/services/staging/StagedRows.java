package org.hearth.server.services.staging;

import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The rows of what is staged.
///
/// **thread**: any.
final class StagedRows {
  static final Table EVENTS =
      new Table(
          "staged_event",
          "100 events of a room, 2,000 and 16 MiB of a server, 20,000 and 128 MiB in all",
          "deleted when the event is judged; the unit of an insert deletes the oldest beyond, and more of one server are refused");

  static final Table TRANSACTIONS =
      new Table(
          "inbound_transaction",
          "the newest five of a server, and those of 10,000 servers",
          "the unit of an insert deletes what is beyond");

  private final ReadPool reads;

  StagedRows(ReadPool reads) {
    this.reads = reads;
  }

  /// All that is staged, in the order in which it came, without the events themselves.
  List<StagedEvent> all() {
    return reads.select(
        "SELECT number, origin, room_id, event_id, staged_millis, event_bytes FROM staged_event"
            + " ORDER BY number",
        row ->
            new StagedEvent(
                row.getLong(1),
                ServerName.parse(row.getString(2)),
                RoomId.parse(row.getString(3)),
                EventId.parse(row.getString(4)),
                row.getLong(5),
                row.getInt(6)));
  }

  /// The canonical JSON of an event; empty if it is not staged any more.
  Optional<byte[]> event(long number) {
    return reads.first(
        "SELECT event FROM staged_event WHERE number = ?",
        statement -> statement.setLong(1, number),
        row -> row.getBytes(1));
  }

  static RowChange insert(StagedEvent staged, byte[] event) {
    return RowChange.of(
        EVENTS,
        "INSERT INTO staged_event (number, origin, room_id, event_id, staged_millis, event_bytes,"
            + " event) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (statement, _) -> {
          statement.setLong(1, staged.number());
          statement.setString(2, staged.origin().value());
          statement.setString(3, staged.room().value());
          statement.setString(4, staged.event().value());
          statement.setLong(5, staged.stagedMillis());
          statement.setInt(6, staged.bytes());
          statement.setBytes(7, event);
        });
  }

  static RowChange delete(long number) {
    return RowChange.of(
        EVENTS,
        "DELETE FROM staged_event WHERE number = ?",
        (statement, _) -> statement.setLong(1, number));
  }

  // --- transactions

  /// A transaction that is remembered.
  record Remembered(ServerName origin, long number) {}

  /// All transactions, in the order in which they came.
  List<Remembered> transactions() {
    return reads.select(
        "SELECT origin, number FROM inbound_transaction ORDER BY number",
        row -> new Remembered(ServerName.parse(row.getString(1)), row.getLong(2)));
  }

  Optional<byte[]> answer(ServerName origin, String transaction) {
    return reads.first(
        "SELECT answer FROM inbound_transaction WHERE origin = ? AND transaction_id = ?",
        statement -> {
          statement.setString(1, origin.value());
          statement.setString(2, transaction);
        },
        row -> row.getBytes(1));
  }

  static RowChange insert(ServerName origin, String transaction, long number, byte[] answer) {
    return RowChange.of(
        TRANSACTIONS,
        "INSERT INTO inbound_transaction (origin, transaction_id, number, answer)"
            + " VALUES (?, ?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, origin.value());
          statement.setString(2, transaction);
          statement.setLong(3, number);
          statement.setBytes(4, answer);
        });
  }

  /// Forgets the transactions of a server up to one.
  static RowChange forget(ServerName origin, long upTo) {
    return RowChange.of(
        TRANSACTIONS,
        "DELETE FROM inbound_transaction WHERE origin = ? AND number <= ?",
        (statement, _) -> {
          statement.setString(1, origin.value());
          statement.setLong(2, upTo);
        });
  }
}
