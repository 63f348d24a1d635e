package org.hearth.server.servers.room.read;

import java.util.List;
import java.util.Optional;
import org.hearth.server.servers.room.Annotation;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.Stretch;
import org.hearth.server.servers.room.state.Relation;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;

/// Which events relate to an event, in the order of the room's history: by place, so what is live
/// in the order of its arrival after what is history in the order of its depth.
///
/// **thread**: any.
final class Relations {
  private static final String NEWEST_ALIKE =
      "SELECT position FROM room_relation --DERBY-PROPERTIES index=room_relation_alike\n"
          + " WHERE room_nid = ? AND relates_to = ? AND likeness = ?"
          + " ORDER BY place DESC FETCH FIRST ROW ONLY";

  private final ReadPool reads;
  private final RelationRows rows;
  private final StoredEvents events;

  Relations(ReadPool reads, StoredEvents events) {
    this.reads = reads;
    this.rows = new RelationRows(reads);
    this.events = events;
  }

  /// Looks at as many relations as the query's limit, and no more; without those that a redaction
  /// has taken away.
  Stretch look(long room, RelationQuery query) {
    List<RelationRows.Row> page = rows.next(room, query);
    List<Long> wanted =
        page.stream()
            .filter(each -> query.relation().orElse(each.relation()).equals(each.relation()))
            .map(RelationRows.Row::number)
            .toList();
    List<RoomEvent> found =
        events.readable(wanted).stream()
            .map(StoredEvents.Stored::shown)
            .filter(each -> isWanted(each, query))
            .toList();
    return new Stretch(
        found, page.isEmpty() ? 0 : page.getLast().place(), page.size() == query.limit());
  }

  /// Looks at what relates to the event, and to that, and so on.
  Stretch lookDeep(long room, RelationQuery query) {
    return new RelationTree(rows, events, room, query).look();
  }

  private static boolean isWanted(RoomEvent event, RelationQuery query) {
    return Relation.of(event.pdu()).filter(each -> each.isTo(query.event())).isPresent()
        && query.type().orElse(event.type()).equals(event.type());
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
}
