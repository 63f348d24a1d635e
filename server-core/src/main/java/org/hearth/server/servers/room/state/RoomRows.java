package org.hearth.server.servers.room.state;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.RowChange;
import org.jspecify.annotations.Nullable;

/// The row changes of the Room Server. Positions are read from the references while the rows are
/// written, when the committer has given them.
public final class RoomRows {
  /// The longest value of a VARCHAR FOR BIT DATA; what is longer goes into a BLOB.
  private static final int LONGEST_IN_ROW = 32_672;

  private static final String INSERT_ROOM =
      "INSERT INTO room (last_position, depth, snapshot, extremities, room_nid, room_id, version,"
          + " creator, first_position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
  private static final String UPDATE_ROOM =
      "UPDATE room SET last_position = ?, depth = ?, snapshot = ?, extremities = ?"
          + " WHERE room_nid = ?";
  private static final String INSERT_EVENT =
      "INSERT INTO room_event (position, room_nid, event_hash, event_id, state_before,"
          + " made_snapshot, key_nid, replaces, device, transaction_id, json, json_large, place)"
          + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  private static final String REDACT_EVENT =
      "UPDATE room_event SET redacted_by = ? WHERE position = ?";
  private static final String INSERT_KEY =
      "INSERT INTO room_state_key (room_nid, key_nid, type, state_key) VALUES (?, ?, ?, ?)";
  private static final String INSERT_STATE =
      "INSERT INTO room_state (snapshot, room_nid, parent, layer, content_hash, entries,"
          + " entries_large) VALUES (?, ?, ?, ?, ?, ?, ?)";
  private static final String INSERT_MEMBER =
      "INSERT INTO room_member (membership, position, forgotten, user_id, room_nid)"
          + " VALUES (?, ?, 0, ?, ?)";
  private static final String UPDATE_MEMBER =
      "UPDATE room_member SET membership = ?, position = ?, forgotten = 0"
          + " WHERE user_id = ? AND room_nid = ?";
  private static final String FORGET_MEMBER =
      "UPDATE room_member SET forgotten = 1 WHERE user_id = ? AND room_nid = ?";

  private RoomRows() {}

  /// The row of a new room.
  public static RowChange newRoom(RoomView view) {
    return RowChange.of(
        RoomTables.ROOM,
        INSERT_ROOM,
        (statement, _) -> {
          bindHead(statement, view);
          statement.setString(6, view.info().id().value());
          statement.setString(7, view.info().version().id());
          statement.setString(8, view.info().creator().value());
          statement.setLong(9, view.create().position());
        });
  }

  /// What changes with each event; only the last of a commit is written.
  public static RowChange head(RoomView view) {
    return RowChange.coalescing(
        RoomTables.ROOM,
        UPDATE_ROOM,
        view.info().number(),
        (statement, _) -> bindHead(statement, view));
  }

  private static void bindHead(PreparedStatement statement, RoomView view) throws SQLException {
    statement.setLong(1, view.last().position());
    statement.setLong(2, view.depth());
    statement.setLong(3, view.state().number());
    statement.setBytes(4, ExtremityPacking.pack(view.extremities()));
    statement.setLong(5, view.info().number());
  }

  /// Where an event is put.
  ///
  /// @param before the state before it
  /// @param made the state after it; null when it is not state
  /// @param key the number of its state key; [StateKeys#UNKNOWN] when it is not state
  /// @param replaces the event that had the key before; null when none had, or it is not state
  public record Place(
      long room,
      StateSnapshot before,
      @Nullable StateSnapshot made,
      int key,
      @Nullable EventRef replaces) {}

  /// The event itself.
  public static RowChange event(
      EventRef ref, Pdu event, Place place, @Nullable ClientTransaction transaction) {
    return RowChange.of(
        RoomTables.EVENT,
        INSERT_EVENT,
        (statement, _) -> {
          statement.setLong(1, ref.position());
          statement.setLong(2, place.room());
          statement.setLong(3, StoredEvents.hash(event.eventId()));
          statement.setString(4, event.eventId().value());
          statement.setLong(5, place.before().number());
          bindLong(statement, 6, place.made() == null ? null : place.made().number());
          bindLong(statement, 7, place.made() == null ? null : (long) place.key());
          bindLong(statement, 8, place.replaces() == null ? null : place.replaces().position());
          statement.setString(9, transaction == null ? null : transaction.device().value());
          statement.setString(10, transaction == null ? null : transaction.transactionId());
          bindBytes(statement, 11, event.canonicalBytes());
          statement.setLong(13, ref.position());
        });
  }

  /// The fact that an event is redacted.
  public static RowChange redacted(EventRef target, EventRef redaction) {
    return RowChange.of(
        RoomTables.EVENT,
        REDACT_EVENT,
        (statement, _) -> {
          statement.setLong(1, redaction.position());
          statement.setLong(2, target.position());
        });
  }

  /// A state key that the room has not had before.
  public static RowChange key(long room, int number, StateKey key) {
    return RowChange.of(
        RoomTables.STATE_KEY,
        INSERT_KEY,
        (statement, _) -> {
          statement.setLong(1, room);
          statement.setInt(2, number);
          statement.setString(3, key.type());
          statement.setString(4, key.stateKey());
        });
  }

  /// The topmost row of a new state.
  public static RowChange state(long room, StateSnapshot state) {
    return RowChange.of(
        RoomTables.STATE,
        INSERT_STATE,
        (statement, _) -> {
          List<StateLayer> layers = state.layers();
          int height = layers.size() - 1;
          statement.setLong(1, state.number());
          statement.setLong(2, room);
          bindLong(statement, 3, height == 0 ? null : layers.get(height - 1).snapshot());
          statement.setInt(4, height);
          statement.setBytes(5, state.hash().bytes());
          bindBytes(statement, 6, StatePacking.pack(layers.getLast().keys(), state::positionAt));
        });
  }

  /// A membership.
  ///
  /// @param isNew whether the user had none in the room
  public static RowChange member(
      long room, UserId user, Membership membership, EventRef event, boolean isNew) {
    return RowChange.of(
        RoomTables.MEMBER,
        isNew ? INSERT_MEMBER : UPDATE_MEMBER,
        (statement, _) -> {
          statement.setInt(1, MembershipCode.of(membership));
          statement.setLong(2, event.position());
          statement.setString(3, user.value());
          statement.setLong(4, room);
        });
  }

  /// A user who has left forgets the room.
  public static RowChange forgotten(long room, UserId user) {
    return RowChange.of(
        RoomTables.MEMBER,
        FORGET_MEMBER,
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setLong(2, room);
        });
  }

  static void bindLong(PreparedStatement statement, int index, @Nullable Long value)
      throws SQLException {
    if (value == null) {
      statement.setNull(index, Types.BIGINT);
    } else {
      statement.setLong(index, value);
    }
  }

  /// Binds two columns, of which the first takes what fits.
  static void bindBytes(PreparedStatement statement, int index, byte[] bytes) throws SQLException {
    boolean fits = bytes.length <= LONGEST_IN_ROW;
    statement.setBytes(index, fits ? bytes : null);
    statement.setBytes(index + 1, fits ? null : bytes);
  }
}
