package org.hearth.server.servers.room.state;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Types;
import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.Annotation;
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
      "INSERT INTO room_relation (room_nid, relates_to, place, position, rel_type, likeness)"
          + " VALUES (?, ?, ?, ?, ?, ?)";

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

  /// The row of an event that is shown now; empty when it relates to none, or is not shown.
  ///
  /// @param entry the entry of the log that tells of it
  public static Optional<RowChange> row(
      long room, EventRef ref, EventRef entry, Pdu event, GraphRows.Shown shown) {
    return shown == GraphRows.Shown.NOWHERE
        ? Optional.empty()
        : of(event).map(relation -> relation.row(room, ref, entry, shown, event));
  }

  private RowChange row(long room, EventRef ref, EventRef entry, GraphRows.Shown shown, Pdu event) {
    @Nullable Long likeness = Annotation.of(event).map(Annotation::likeness).orElse(null);
    return RowChange.of(
        RoomTables.RELATION,
        INSERT,
        (statement, _) -> {
          statement.setLong(1, room);
          statement.setString(2, target);
          statement.setLong(3, shown.place(entry.position(), event));
          statement.setLong(4, ref.position());
          statement.setString(5, type);
          statement.setObject(6, likeness, Types.BIGINT);
        });
  }
}
