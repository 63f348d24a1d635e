package org.hearth.server.servers.room.read;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.servers.room.Annotation;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.Relation;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;

/// Which events relate to an event, in the order of the room's history: by place, so what is live
/// in the order of its arrival after what is history in the order of its depth.
///
/// **thread**: any.
final class Relations {
  private static final String SELECT =
      "SELECT place, position, rel_type FROM room_relation WHERE room_nid = ? AND relates_to = ?";
  private static final String BACKWARDS =
      SELECT + " AND place < ? ORDER BY place DESC FETCH FIRST ? ROWS ONLY";
  private static final String FORWARDS =
      SELECT + " AND place > ? ORDER BY place FETCH FIRST ? ROWS ONLY";
  private static final String NEWEST_ALIKE =
      "SELECT position FROM room_relation --DERBY-PROPERTIES index=room_relation_alike\n"
          + " WHERE room_nid = ? AND relates_to = ? AND likeness = ?"
          + " ORDER BY place DESC FETCH FIRST ROW ONLY";
  private static final int PAGE = 200;

  private final ReadPool reads;
  private final StoredEvents events;

  Relations(ReadPool reads, StoredEvents events) {
    this.reads = reads;
    this.events = events;
  }

  private record Row(long place, long position, String relation) {}

  /// The events, without those whose relation a redaction has taken away.
  List<RoomEvent> find(long room, RelationQuery query) {
    List<RoomEvent> found = new ArrayList<>();
    long from = query.from();
    while (true) {
      List<Row> page = page(room, query, from);
      for (Row row : page) {
        if (found.size() == query.limit()) {
          return found;
        }
        if (query.relation().orElse(row.relation()).equals(row.relation())) {
          event(row, query).ifPresent(found::add);
        }
      }
      if (page.size() < PAGE) {
        return found;
      }
      from = page.getLast().place();
    }
  }

  private Optional<RoomEvent> event(Row row, RelationQuery query) {
    RoomEvent event = events.get(row.position()).shown();
    boolean relates = Relation.of(event.pdu()).filter(each -> each.isTo(query.event())).isPresent();
    return relates && query.type().orElse(event.type()).equals(event.type())
        ? Optional.of(event)
        : Optional.empty();
  }

  /// The newest event that annotates so, unless a redaction has taken that away.
  Optional<RoomEvent> newest(long room, Annotation annotation) {
    long position =
        reads
            .first(
                NEWEST_ALIKE,
                statement -> {
                  statement.setLong(1, room);
                  statement.setString(2, annotation.target().value());
                  statement.setLong(3, annotation.likeness());
                },
                row -> row.getLong(1))
            .orElse(0L);
    return position == 0
        ? Optional.empty()
        : Optional.of(events.get(position).shown())
            .filter(each -> Annotation.of(each.pdu()).equals(Optional.of(annotation)));
  }

  private List<Row> page(long room, RelationQuery query, long from) {
    return reads.select(
        query.backwards() ? BACKWARDS : FORWARDS,
        statement -> {
          statement.setLong(1, room);
          statement.setString(2, query.event().value());
          statement.setLong(3, from);
          statement.setInt(4, PAGE);
        },
        row -> new Row(row.getLong(1), row.getLong(2), row.getString(3)));
  }
}
