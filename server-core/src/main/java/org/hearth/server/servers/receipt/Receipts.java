package org.hearth.server.servers.receipt;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.ReceiptType;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The table `receipt`: "Each `user_id`, `receipt_type`, and categorisation (unthreaded, or
/// `thread_id`) tuple must be associated with only a single `event_id`", in each room.
///
/// **thread**: any.
public final class Receipts implements ReceiptQueries, AccountCompanion {
  /// Threads of one room in which a user has a marker of one type, beside the main timeline.
  static final int MOST_THREADS = 200;

  static final Table TABLE =
      new Table(
          "receipt",
          "of each member of a room and each of two types one row unthreaded, one for the main timeline, and 200 for threads",
          "a further thread takes the place of the one that was read least far; deleted when the member leaves and with the account");

  private static final String UNTHREADED = "";
  private static final String SELECT =
      "SELECT room_id, user_id, receipt_type, thread_id, event_id, event_place, received_millis,"
          + " log_position FROM receipt ";
  private static final String OF_OTHERS =
      SELECT
          + "WHERE room_id = ? AND log_position > ? AND log_position <= ? AND user_id <> ?"
          + " AND receipt_type = ? ORDER BY log_position DESC FETCH FIRST "
          + MOST_RECEIPTS
          + " ROWS ONLY";
  private static final String OF_MEMBER = SELECT + "WHERE user_id = ? AND room_id = ?";
  private static final String PUBLIC_AFTER =
      SELECT
          + "WHERE room_id = ? AND log_position > ? AND receipt_type = ?"
          + " ORDER BY log_position FETCH FIRST ? ROWS ONLY";
  private static final String INSERT =
      "INSERT INTO receipt (event_id, event_place, received_millis, log_position,"
          + " user_id, room_id, receipt_type, thread_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
  private static final String OF_MARKER =
      " WHERE user_id = ? AND room_id = ? AND receipt_type = ? AND thread_id = ?";
  private static final String UPDATE =
      "UPDATE receipt SET event_id = ?, event_place = ?, received_millis = ?, log_position = ?"
          + OF_MARKER;

  private final ReadPool reads;

  /// Reads from that database.
  public Receipts(ReadPool reads) {
    this.reads = reads;
  }

  private static ReceiptOutput receipt(ResultSet row) throws SQLException {
    String type = row.getString(3);
    String thread = row.getString(4);
    return new ReceiptOutput(
        RoomId.parse(row.getString(1)),
        UserId.parse(row.getString(2)),
        ReceiptType.of(type).orElseThrow(() -> new IllegalStateException("a receipt of " + type)),
        thread.equals(UNTHREADED) ? null : thread,
        EventId.parse(row.getString(5)),
        row.getLong(6),
        row.getLong(7));
  }

  private static String threadId(ReceiptOutput receipt) {
    return receipt.thread() == null ? UNTHREADED : receipt.thread();
  }

  @Override
  public List<ReceiptOutput> changed(
      RoomId room, UserId viewer, LogPosition after, LogPosition upTo) {
    List<ReceiptOutput> ofOthers =
        reads.selectReadable(
            OF_OTHERS,
            statement -> {
              statement.setString(1, room.value());
              statement.setLong(2, after.value());
              statement.setLong(3, upTo.value());
              statement.setString(4, viewer.value());
              statement.setString(5, ReceiptType.READ.id());
            },
            Receipts::receipt);
    List<ReceiptOutput> own =
        reads.selectReadable(
            OF_MEMBER + " AND log_position > ? AND log_position <= ?",
            statement -> {
              statement.setString(1, viewer.value());
              statement.setString(2, room.value());
              statement.setLong(3, after.value());
              statement.setLong(4, upTo.value());
            },
            Receipts::receipt);
    return Stream.concat(ofOthers.stream(), own.stream()).toList();
  }

  @Override
  public List<ReceiptOutput> setAfter(RoomId room, LogPosition after) {
    return reads.selectReadable(
        SELECT + "WHERE room_id = ? AND log_position > ? ORDER BY log_position",
        statement -> {
          statement.setString(1, room.value());
          statement.setLong(2, after.value());
        },
        Receipts::receipt);
  }

  @Override
  public List<Positioned<ReceiptOutput>> publicAfter(RoomId room, LogPosition after, int most) {
    return reads.selectReadable(
        PUBLIC_AFTER,
        statement -> {
          statement.setString(1, room.value());
          statement.setLong(2, after.value());
          statement.setString(3, ReceiptType.READ.id());
          statement.setInt(4, most);
        },
        row -> new Positioned<>(new LogPosition(row.getLong(8)), receipt(row)));
  }

  @Override
  public Set<RoomId> roomsReadAfter(UserId user, LogPosition after, LogPosition upTo) {
    return Set.copyOf(
        reads.selectReadable(
            "SELECT DISTINCT room_id FROM receipt"
                + " WHERE user_id = ? AND log_position > ? AND log_position <= ?",
            statement -> {
              statement.setString(1, user.value());
              statement.setLong(2, after.value());
              statement.setLong(3, upTo.value());
            },
            row -> RoomId.parse(row.getString(1))));
  }

  /// All of a user's receipts in a room. Who moves one must know them all, so that a damaged one
  /// fails here.
  List<ReceiptOutput> of(RoomId room, UserId user) {
    return reads.select(
        OF_MEMBER,
        statement -> {
          statement.setString(1, user.value());
          statement.setString(2, room.value());
        },
        Receipts::receipt);
  }

  /// The first user, in the order of the ids as they are stored, after that one.
  Optional<String> userAfter(String user) {
    return reads.first(
        "SELECT user_id FROM receipt WHERE user_id > ? ORDER BY user_id FETCH FIRST ROW ONLY",
        statement -> statement.setString(1, user),
        row -> row.getString(1));
  }

  /// The rooms in which the user has receipts.
  List<RoomId> roomsOf(UserId user) {
    return reads.selectReadable(
        "SELECT DISTINCT room_id FROM receipt WHERE user_id = ?",
        statement -> statement.setString(1, user.value()),
        row -> RoomId.parse(row.getString(1)));
  }

  /// Moves a marker; its position is that of the unit's first announcement.
  ///
  /// @param isNew whether there is no row of it
  static RowChange set(ReceiptOutput receipt, boolean isNew) {
    return RowChange.of(
        TABLE,
        isNew ? INSERT : UPDATE,
        (statement, first) -> {
          statement.setString(1, receipt.event().value());
          statement.setLong(2, receipt.place());
          statement.setLong(3, receipt.ts());
          statement.setLong(4, first.value());
          bindMarker(statement, 5, receipt);
        });
  }

  /// Deletes the row of one marker.
  static RowChange delete(ReceiptOutput receipt) {
    return RowChange.of(
        TABLE, "DELETE FROM receipt" + OF_MARKER, (row, _) -> bindMarker(row, 1, receipt));
  }

  private static void bindMarker(PreparedStatement statement, int from, ReceiptOutput receipt)
      throws SQLException {
    statement.setString(from, receipt.user().value());
    statement.setString(from + 1, receipt.room().value());
    statement.setString(from + 2, receipt.type().id());
    statement.setString(from + 3, threadId(receipt));
  }

  /// Deletes the rows of a user in a room.
  static RowChange deleteAll(RoomId room, UserId user) {
    return RowChange.of(
        TABLE,
        "DELETE FROM receipt WHERE user_id = ? AND room_id = ?",
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setString(2, room.value());
        });
  }

  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    return List.of(
        RowChange.of(
            TABLE,
            "DELETE FROM receipt WHERE user_id = ?",
            (statement, _) -> statement.setString(1, user.value())));
  }
}
