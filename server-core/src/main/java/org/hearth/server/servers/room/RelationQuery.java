package org.hearth.server.servers.room;

import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;

/// Which events that relate to an event are asked for.
///
/// @param event the event that they relate to
/// @param relation their `rel_type`; empty for whatever
/// @param type their event type; empty for whatever
/// @param from the [RoomEvent#place] from which to look, itself not included
/// @param backwards whether the latest come first, and what is before `from`; else the earliest,
///   and what is after it
/// @param limit how many at most
public record RelationQuery(
    EventId event,
    Optional<String> relation,
    Optional<String> type,
    long from,
    boolean backwards,
    int limit) {
  /// The latest of whatever kind.
  public static RelationQuery latest(EventId event, int limit) {
    return new RelationQuery(
        event, Optional.empty(), Optional.empty(), Long.MAX_VALUE, true, limit);
  }

  /// The earliest of whatever kind.
  public static RelationQuery earliest(EventId event, int limit) {
    return new RelationQuery(
        event, Optional.empty(), Optional.empty(), Long.MIN_VALUE, false, limit);
  }

  /// The kinds of relation that are asked for.
  public List<RelationKind> kinds() {
    return relation
        .map(each -> List.of(RelationKind.of(each)))
        .orElseGet(() -> List.of(RelationKind.values()));
  }

  /// Of one `rel_type` only.
  public RelationQuery withRelation(String relType) {
    return new RelationQuery(event, Optional.of(relType), type, from, backwards, limit);
  }

  /// Of one event type only.
  public RelationQuery withType(String eventType) {
    return new RelationQuery(event, relation, Optional.of(eventType), from, backwards, limit);
  }

  /// From that place on, itself not included.
  public RelationQuery from(long place) {
    return new RelationQuery(event, relation, type, place, backwards, limit);
  }

  /// So many at most.
  public RelationQuery limitedTo(int most) {
    return new RelationQuery(event, relation, type, from, backwards, most);
  }
}
