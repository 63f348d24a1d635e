package org.hearth.server.servers.room.state;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.Annotation;
import org.hearth.server.servers.room.Likeness;
import org.hearth.server.servers.room.RelationKind;
import org.hearth.server.store.RowChange;
import org.jspecify.annotations.Nullable;

/// What an event says about its relation to another.
///
/// **source**: [relationships between
/// events](https://spec.matrix.org/v1.19/client-server-api/#forming-relationships-between-events)
///
/// @param type the `rel_type`
/// @param target the id of the other event
public record Relation(String type, String target) {
  private static final int LONGEST_NAME = 255;
  private static final String INSERT =
      "INSERT INTO room_relation (room_nid, relates_to, place, position, rel_type, kind, likeness)"
          + " VALUES (?, ?, ?, ?, ?, ?, ?)";

  /// Where the event that says it is shown, of which only the number is known.
  private static final String PLACE = "(SELECT e.place FROM room_event e WHERE e.position = ?)";

  private static final String DELETE =
      "DELETE FROM room_relation WHERE room_nid = ? AND relates_to = ? AND kind = ? AND place = "
          + PLACE;

  private static final String OF_THREAD = " WHERE room_nid = ? AND root = ?";
  private static final String INSERT_THREAD =
      "INSERT INTO room_thread (room_nid, root, replies, latest, begun_by)"
          + " SELECT CAST(? AS BIGINT), CAST(? AS VARCHAR(255)), 0, CAST(? AS BIGINT),"
          + " (SELECT thread_begun_by(e.json, e.json_large) FROM room_event e"
          + " WHERE e.event_hash = ? AND e.event_id = ? AND e.room_nid = ?)"
          + " FROM SYSIBM.SYSDUMMY1"
          + " WHERE NOT EXISTS (SELECT 1 FROM room_thread"
          + OF_THREAD
          + ")";
  private static final String BEGIN_THREAD = "UPDATE room_thread SET begun_by = ?" + OF_THREAD;
  private static final String ADD_REPLY =
      "UPDATE room_thread SET replies = replies + 1,"
          + " latest = CASE WHEN latest < ? THEN CAST(? AS BIGINT) ELSE latest END"
          + OF_THREAD;

  /// Before its row is deleted: who redacts at the same time takes nothing away twice.
  private static final String TAKE_REPLY =
      "UPDATE room_thread SET replies = replies - 1"
          + OF_THREAD
          + " AND EXISTS (SELECT 1 FROM room_relation r WHERE r.room_nid = ? AND r.relates_to = ?"
          + " AND r.kind = ? AND r.place = "
          + PLACE
          + ")";

  private static final String DELETE_THREAD =
      "DELETE FROM room_thread" + OF_THREAD + " AND replies <= 0";
  private static final String FIND_LATEST =
      "UPDATE room_thread SET latest = (SELECT r.place FROM room_relation r WHERE r.room_nid = ?"
          + " AND r.relates_to = ? AND r.kind = ? ORDER BY r.place DESC FETCH FIRST ROW ONLY)"
          + OF_THREAD;

  /// The relation that an event states; empty when it states none.
  public static Optional<Relation> of(Pdu event) {
    JsonNode relation = event.content().path("m.relates_to");
    JsonNode type = relation.path("rel_type");
    JsonNode target = relation.path("event_id");
    return isName(type) && isName(target) && target.textValue().startsWith("$")
        ? Optional.of(new Relation(type.textValue(), target.textValue()))
        : Optional.empty();
  }

  private static boolean isName(JsonNode node) {
    return node.isTextual()
        && !node.textValue().isEmpty()
        && node.textValue().length() <= LONGEST_NAME;
  }

  public boolean isTo(EventId event) {
    return target.equals(event.value());
  }

  public RelationKind kind() {
    return RelationKind.of(type);
  }

  /// The rows of an event that is shown now; none when it relates to none, or is not shown.
  ///
  /// @param entry the entry of the log that tells of it
  public static List<RowChange> rows(
      long room, EventRef ref, EventRef entry, Pdu event, GraphRows.Shown shown) {
    return shown == GraphRows.Shown.NOWHERE
        ? List.of()
        : of(event).map(each -> each.added(room, ref, entry, shown, event)).orElse(List.of());
  }

  private List<RowChange> added(
      long room, EventRef ref, EventRef entry, GraphRows.Shown shown, Pdu event) {
    @Nullable Long likeness = likeness(event);
    List<RowChange> rows = new ArrayList<>();
    rows.add(
        RowChange.of(
            RoomTables.RELATION,
            INSERT,
            (statement, _) -> {
              statement.setLong(1, room);
              statement.setString(2, target);
              statement.setLong(3, shown.place(entry.position(), event));
              statement.setLong(4, ref.position());
              statement.setString(5, type);
              statement.setInt(6, kind().code());
              statement.setObject(7, likeness, Types.BIGINT);
            }));
    if (kind() == RelationKind.THREAD) {
      long hash = StoredEvents.hash(target);
      rows.add(
          RowChange.of(
              RoomTables.THREAD,
              INSERT_THREAD,
              (statement, _) -> {
                bindTarget(statement, 1, room);
                statement.setLong(3, shown.place(entry.position(), event));
                statement.setLong(4, hash);
                statement.setString(5, target);
                statement.setLong(6, room);
                bindTarget(statement, 7, room);
              }));
      rows.add(
          RowChange.of(
              RoomTables.THREAD,
              ADD_REPLY,
              (statement, _) -> {
                statement.setLong(1, shown.place(entry.position(), event));
                statement.setLong(2, shown.place(entry.position(), event));
                bindTarget(statement, 3, room);
              }));
    }
    return rows;
  }

  /// What is noted of the thread of an event that comes later than replies in it.
  public static Optional<RowChange> begunThread(long room, Pdu event) {
    return event.isState()
        ? Optional.empty()
        : Optional.of(
            RowChange.of(
                RoomTables.THREAD,
                BEGIN_THREAD,
                (statement, _) -> {
                  statement.setLong(1, Likeness.ofReply(event.sender().value()));
                  statement.setLong(2, room);
                  statement.setString(3, event.eventId().value());
                }));
  }

  private @Nullable Long likeness(Pdu event) {
    return switch (kind()) {
      case ANNOTATION -> Annotation.of(event).map(Annotation::likeness).orElse(null);
      case REPLACEMENT -> (Long) Likeness.ofReplacement(event.sender().value(), event.type());
      case THREAD -> (Long) Likeness.ofReply(event.sender().value());
      case OTHER, REFERENCE -> null;
    };
  }

  /// What a redaction of the event takes away: "when a child event is redacted then the
  /// relationship is broken".
  public static List<RowChange> redacted(long room, EventRef ref, Pdu event) {
    return of(event).map(each -> each.removed(room, ref)).orElse(List.of());
  }

  private List<RowChange> removed(long room, EventRef ref) {
    RowChange delete =
        RowChange.of(
            RoomTables.RELATION, DELETE, (statement, _) -> bindRow(statement, 1, room, ref));
    if (kind() != RelationKind.THREAD) {
      return List.of(delete);
    }
    return List.of(
        RowChange.of(
            RoomTables.THREAD,
            TAKE_REPLY,
            (statement, _) -> {
              bindTarget(statement, 1, room);
              bindRow(statement, 3, room, ref);
            }),
        delete,
        RowChange.of(
            RoomTables.THREAD, DELETE_THREAD, (statement, _) -> bindTarget(statement, 1, room)),
        RowChange.of(
            RoomTables.THREAD,
            FIND_LATEST,
            (statement, _) -> {
              bindTarget(statement, 1, room);
              statement.setInt(3, kind().code());
              bindTarget(statement, 4, room);
            }));
  }

  private void bindTarget(PreparedStatement statement, int first, long room) throws SQLException {
    statement.setLong(first, room);
    statement.setString(first + 1, target);
  }

  private void bindRow(PreparedStatement statement, int first, long room, EventRef ref)
      throws SQLException {
    bindTarget(statement, first, room);
    statement.setInt(first + 2, kind().code());
    statement.setLong(first + 3, ref.position());
  }
}
