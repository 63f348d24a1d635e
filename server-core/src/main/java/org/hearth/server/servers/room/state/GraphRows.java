package org.hearth.server.servers.room.state;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.RowChange;
import org.jspecify.annotations.Nullable;

/// The row changes of rooms that are more than a line: events judged otherwise than accepted, the
/// auth graph, current states that resolution made, and what is missing.
public final class GraphRows {
  private static final String INSERT_EVENT =
      "INSERT INTO room_event (position, room_nid, event_hash, event_id, state_before,"
          + " made_snapshot, key_nid, replaces, json, json_large, place, standing, failed_rule,"
          + " sent_on, device, transaction_id)"
          + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  private static final String JUDGE_EVENT =
      "UPDATE room_event SET state_before = ?, made_snapshot = ?, key_nid = ?, replaces = ?,"
          + " place = ?, standing = ?, failed_rule = ?, sent_on = ? WHERE position = ?";
  private static final String INSERT_AUTH =
      "INSERT INTO room_auth (room_nid, position, auth_events) VALUES (?, ?, ?)";
  private static final String DELETE_AUTH =
      "DELETE FROM room_auth WHERE room_nid = ? AND position = ?";
  private static final String INSERT_CURRENT =
      "INSERT INTO room_current (position, room_nid, snapshot, changes) VALUES (?, ?, ?, ?)";
  private static final String UPDATE_JUMP = "UPDATE room SET last_jump = ? WHERE room_nid = ?";
  private static final String INSERT_PLACED =
      "INSERT INTO room_placed (position, room_nid, event) VALUES (?, ?, ?)";
  private static final String INSERT_WANT =
      "INSERT INTO room_want (room_nid, event_id, kind, wanted_by, share) VALUES (?, ?, ?, ?, ?)";
  private static final String DELETE_WANT =
      "DELETE FROM room_want WHERE room_nid = ? AND event_id = ? AND kind = ?";

  /// After an insert: the newest are left, so many as the last parameter says.
  private static final String DELETE_OLD_WANTS_OF_SHARE = oldWants("share = ?");

  private static final String DELETE_OLD_WANTS = oldWants("share <> ?");

  private static String oldWants(String whose) {
    return "DELETE FROM room_want WHERE room_nid = ? AND kind = ? AND "
        + whose
        + " AND wanted_by <= (SELECT wanted_by FROM room_want"
        + " --DERBY-PROPERTIES index=room_want_by_kind\n WHERE room_nid = ? AND kind = ? AND "
        + whose
        + " ORDER BY wanted_by DESC OFFSET ? ROWS FETCH NEXT 1 ROWS ONLY)";
  }

  private static final String DELETE_MEMBER =
      "DELETE FROM room_member WHERE user_id = ? AND room_nid = ?";
  private static final String INSERT_GAP =
      "INSERT INTO room_gap (room_nid, position) VALUES (?, ?)";
  private static final String DELETE_STATE =
      "DELETE FROM room_state WHERE snapshot = ? AND room_nid = ?";
  private static final String INSERT_ALERT =
      "INSERT INTO room_alert (room_nid, raised, text) VALUES (?, ?, ?)";

  /// So many alerts of a room are kept.
  static final int MOST_ALERTS = 100;

  /// Before an insert: with it there are [#MOST_ALERTS]. Those that were raised at one moment go
  /// together.
  private static final String DELETE_ALERTS =
      "DELETE FROM room_alert WHERE room_nid = ? AND raised <= (SELECT raised FROM room_alert"
          + " WHERE room_nid = ? ORDER BY raised DESC OFFSET %d ROWS FETCH NEXT 1 ROWS ONLY)"
              .formatted(MOST_ALERTS - 1);

  private static final int LONGEST_ALERT = 2000;

  private GraphRows() {}

  /// What was made of an event.
  ///
  /// @param place in the graph; null for an outlier
  /// @param standing what it counts for
  /// @param rule that refused it
  /// @param shown where it is shown
  public record Verdict(
      RoomRows.@Nullable Place place, Standing standing, @Nullable String rule, Shown shown) {}

  /// Where an event is shown.
  public enum Shown {
    /// At the end of the timeline.
    LIVE,
    /// There too; its server has given it to this one alone, which sends it on to the others.
    LIVE_AND_SENT_ON,
    /// In the history before it.
    HISTORY,
    /// Nowhere.
    NOWHERE;

    public long place(long position, Pdu event) {
      return switch (this) {
        case LIVE, LIVE_AND_SENT_ON -> position;
        case HISTORY -> Places.history(event.depth(), position);
        case NOWHERE -> Places.NONE;
      };
    }
  }

  /// An event that did not simply follow the room's newest.
  ///
  /// @param transaction in which it was sent here; null for an event of another server
  public static RowChange event(
      long room, EventRef ref, Pdu event, @Nullable ClientTransaction transaction, Verdict judged) {
    return RowChange.of(
        RoomTables.EVENT,
        INSERT_EVENT,
        (statement, _) -> {
          statement.setLong(1, ref.position());
          statement.setLong(2, room);
          statement.setLong(3, StoredEvents.hash(event.eventId()));
          statement.setString(4, event.eventId().value());
          bindPlace(statement, 5, judged.place());
          RoomRows.bindBytes(statement, 9, event.canonicalBytes());
          bindJudgement(statement, 11, ref, event, judged);
          statement.setString(15, transaction == null ? null : transaction.device().value());
          statement.setString(16, transaction == null ? null : transaction.transactionId());
        });
  }

  /// An event that was stored before has got its place, or another verdict.
  ///
  /// @param entry the entry of the log that tells of it
  public static RowChange judged(EventRef ref, EventRef entry, Pdu event, Verdict judged) {
    return RowChange.of(
        RoomTables.EVENT,
        JUDGE_EVENT,
        (statement, _) -> {
          bindPlace(statement, 1, judged.place());
          bindJudgement(statement, 5, entry, event, judged);
          statement.setLong(9, ref.position());
        });
  }

  private static void bindPlace(
      PreparedStatement statement, int first, RoomRows.@Nullable Place place) throws SQLException {
    StateSnapshot made = place == null ? null : place.made();
    statement.setLong(first, place == null ? 0 : place.before().number());
    RoomRows.bindLong(statement, first + 1, made == null ? null : made.number());
    RoomRows.bindLong(
        statement, first + 2, place == null || made == null ? null : (long) place.key());
    EventRef replaces = place == null ? null : place.replaces();
    RoomRows.bindLong(statement, first + 3, replaces == null ? null : replaces.position());
  }

  private static void bindJudgement(
      PreparedStatement statement, int first, EventRef entry, Pdu event, Verdict judged)
      throws SQLException {
    long place = judged.shown().place(entry.position(), event);
    RoomRows.bindLong(statement, first, place == Places.NONE ? null : place);
    statement.setInt(first + 1, judged.standing().code());
    if (judged.rule() == null) {
      statement.setNull(first + 2, Types.VARCHAR);
    } else {
      statement.setString(first + 2, judged.rule());
    }
    if (judged.shown() == Shown.LIVE_AND_SENT_ON) {
      statement.setInt(first + 3, 1);
    } else {
      statement.setNull(first + 3, Types.SMALLINT);
    }
  }

  /// The edges of a state event in the auth graph.
  public static RowChange auth(long room, EventRef ref, List<EventRef> authEvents) {
    return RowChange.of(
        RoomTables.AUTH,
        INSERT_AUTH,
        (statement, _) -> {
          statement.setLong(1, room);
          statement.setLong(2, ref.position());
          statement.setBytes(
              3, EdgePacking.pack(authEvents.stream().mapToLong(EventRef::position).toArray()));
        });
  }

  /// The edges of an event are to be put anew.
  public static RowChange noAuth(long room, EventRef ref) {
    return RowChange.of(
        RoomTables.AUTH,
        DELETE_AUTH,
        (statement, _) -> {
          statement.setLong(1, room);
          statement.setLong(2, ref.position());
        });
  }

  /// From an entry on, the current state is this one.
  ///
  /// @param changes of a StateChanged entry; null when the entry is another
  public static RowChange current(
      long room, EventRef entry, StateSnapshot state, @Nullable List<StateJump> changes) {
    return RowChange.of(
        RoomTables.CURRENT,
        INSERT_CURRENT,
        (statement, _) -> {
          statement.setLong(1, entry.position());
          statement.setLong(2, room);
          statement.setLong(3, state.number());
          statement.setBytes(4, changes == null ? null : StateJump.pack(changes));
        });
  }

  /// The newest StateChanged entry of a room.
  public static RowChange jump(long room, EventRef entry) {
    return RowChange.coalescing(
        RoomTables.ROOM,
        UPDATE_JUMP,
        room,
        (statement, _) -> {
          statement.setLong(1, entry.position());
          statement.setLong(2, room);
        });
  }

  /// An entry says that an event has got its place.
  public static RowChange placed(long room, EventRef entry, EventRef event) {
    return RowChange.of(
        RoomTables.PLACED,
        INSERT_PLACED,
        (statement, _) -> {
          statement.setLong(1, entry.position());
          statement.setLong(2, room);
          statement.setLong(3, event.position());
        });
  }

  /// An event is referred to.
  ///
  /// @param share as of [Wants]
  public static RowChange wanted(
      long room, EventId id, Wants.Kind kind, EventRef by, String share) {
    return RowChange.of(
        RoomTables.WANT,
        INSERT_WANT,
        (statement, _) -> {
          statement.setLong(1, room);
          statement.setString(2, id.value());
          statement.setInt(3, kind.code());
          statement.setLong(4, by.position());
          statement.setString(5, share);
        });
  }

  /// Of redactions of events that are not here no more are left than there may be of that share.
  public static RowChange boundRedactions(long room, String share) {
    int most = share.equals(Wants.OF_MODERATORS) ? Wants.MOST_REDACTIONS : Wants.MOST_OF_SITE;
    return boundRedactions(DELETE_OLD_WANTS_OF_SHARE, room, share, most);
  }

  /// And no more than there may be of all whose sender may not redact whatever others have sent.
  public static RowChange boundRedactions(long room) {
    return boundRedactions(DELETE_OLD_WANTS, room, Wants.OF_MODERATORS, Wants.MOST_REDACTIONS);
  }

  private static RowChange boundRedactions(String sql, long room, String share, int most) {
    return RowChange.coalescing(
        RoomTables.WANT,
        sql,
        List.of(room, share),
        (statement, _) -> {
          for (int first : new int[] {1, 4}) {
            statement.setLong(first, room);
            statement.setInt(first + 1, Wants.Kind.REDACTED.code());
            statement.setString(first + 2, share);
          }
          statement.setInt(7, most);
        });
  }

  /// An event that was referred to is here.
  public static RowChange found(long room, EventId id, Wants.Kind kind) {
    return RowChange.of(
        RoomTables.WANT,
        DELETE_WANT,
        (statement, _) -> {
          statement.setLong(1, room);
          statement.setString(2, id.value());
          statement.setInt(3, kind.code());
        });
  }

  /// Nobody says any more what the user is to the room.
  public static RowChange noMember(long room, UserId user) {
    return RowChange.of(
        RoomTables.MEMBER,
        DELETE_MEMBER,
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setLong(2, room);
        });
  }

  /// Before a live event there are others that are not here.
  public static RowChange gap(long room, EventRef event) {
    return RowChange.of(
        RoomTables.GAP,
        INSERT_GAP,
        (statement, _) -> {
          statement.setLong(1, room);
          statement.setLong(2, event.position());
        });
  }

  /// A state that nothing refers to.
  public static RowChange noState(long room, long snapshot) {
    return RowChange.of(
        RoomTables.STATE,
        DELETE_STATE,
        (statement, _) -> {
          statement.setLong(1, snapshot);
          statement.setLong(2, room);
        });
  }

  /// Something to look at, in place of the oldest if there are [#MOST_ALERTS] of the room.
  public static List<RowChange> alert(long room, long now, String text) {
    String limited = text.length() <= LONGEST_ALERT ? text : text.substring(0, LONGEST_ALERT);
    return List.of(
        RowChange.of(
            RoomTables.ALERT,
            DELETE_ALERTS,
            (statement, _) -> {
              statement.setLong(1, room);
              statement.setLong(2, room);
            }),
        RowChange.of(
            RoomTables.ALERT,
            INSERT_ALERT,
            (statement, _) -> {
              statement.setLong(1, room);
              statement.setLong(2, now);
              statement.setString(3, limited);
            }));
  }
}
