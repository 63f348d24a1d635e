package org.hearth.server.servers.room.read;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.Stretch;
import org.hearth.server.servers.room.state.Relation;
import org.hearth.server.servers.room.state.StoredEvents;

/// Which events relate to an event, and to those, and so on. An event is found once, whatever
/// circles the relations make.
///
/// "Filters specified via `event_type` or `rel_type` will be applied to all events returned,
/// whether direct or indirect relations. Events that would match the filter, but whose only
/// relation to the original given event is through a non-matching intermediate event, will not be
/// included."
///
/// "Homeservers SHOULD traverse at least 3 levels of relationships."
///
/// **bound**: a look goes through the [#MOST_A_LEVEL] events of a level that are nearest to where
/// it begins. What relates to an event that is further away is not found on that page; pages go on
/// with the events themselves.
///
/// **thread**: one; for one look.
final class RelationTree {
  static final int MOST_A_LEVEL = 500;

  /// So many events are read at once, to be forgotten.
  private static final int PIECE = 16;

  private final RelationRows rows;
  private final StoredEvents events;
  private final long room;
  private final RelationQuery query;
  private final Set<Long> seen = new HashSet<>();
  private final List<Node> found = new ArrayList<>();

  RelationTree(RelationRows rows, StoredEvents events, long room, RelationQuery query) {
    this.rows = rows;
    this.events = events;
    this.room = room;
    this.query = query;
  }

  /// An event of the tree.
  private record Node(long place, long number, EventId id) {}

  /// The next events of the tree, as many as the query's limit.
  Stretch look() {
    events.position(query.event()).ifPresent(seen::add);
    List<RelationRows.Row> before =
        rows.next(
            room,
            new RelationQuery(
                query.event(), query.relation(), query.type(), from(), true, MOST_A_LEVEL));
    List<RelationRows.Row> beyond = query.backwards() ? before : rows.next(room, query);
    List<RelationRows.Row> direct = new ArrayList<>(beyond);
    if (!query.backwards()) {
      direct.addAll(before);
    }
    boolean cut = beyond.size() == (query.backwards() ? MOST_A_LEVEL : query.limit());
    climb(direct);
    long end =
        cut ? beyond.getLast().place() : (query.backwards() ? Long.MIN_VALUE : Long.MAX_VALUE);
    List<Node> page =
        found.stream()
            .filter(each -> isWithin(each.place(), end))
            .sorted(order())
            .limit(query.limit())
            .toList();
    boolean full = page.size() == query.limit();
    return new Stretch(
        events.readable(page.stream().map(Node::number).toList()).stream()
            .map(StoredEvents.Stored::shown)
            .toList(),
        full ? page.getLast().place() : (cut ? end : 0),
        full || cut);
  }

  /// From where what is before the page is read: forwards what relates to it may be on the page.
  private long from() {
    return query.backwards() || query.from() == Long.MAX_VALUE ? query.from() : query.from() + 1;
  }

  private boolean isWithin(long place, long end) {
    return query.backwards()
        ? place < query.from() && place >= end
        : place > query.from() && place <= end;
  }

  private Comparator<Node> order() {
    Comparator<Node> order = Comparator.comparingLong(Node::place);
    return query.backwards() ? order.reversed() : order;
  }

  /// Takes in what relates to the event, and to that, level by level.
  private void climb(List<RelationRows.Row> direct) {
    List<Node> level = wanted(direct, Set.of(query.event()));
    for (int depth = 1; depth < RoomQueries.RELATION_LEVELS && !level.isEmpty(); depth++) {
      List<EventId> parents = level.stream().limit(MOST_A_LEVEL).map(Node::id).toList();
      level = wanted(rows.ofMany(room, parents, MOST_A_LEVEL), Set.copyOf(parents));
    }
  }

  /// Those of the events that were not seen before and pass, which are found with that.
  private List<Node> wanted(List<RelationRows.Row> related, Set<EventId> parents) {
    List<Long> unseen =
        related.stream()
            .filter(each -> query.relation().orElse(each.relation()).equals(each.relation()))
            .map(RelationRows.Row::number)
            .filter(seen::add)
            .toList();
    Set<String> targets = parents.stream().map(EventId::value).collect(Collectors.toSet());
    List<Node> passed = new ArrayList<>();
    for (int next = 0; next < unseen.size(); next += PIECE) {
      events.readable(unseen.subList(next, Math.min(next + PIECE, unseen.size()))).stream()
          .filter(each -> isWanted(each.shown(), targets))
          .forEach(
              each -> passed.add(new Node(each.shown().place(), each.number(), each.shown().id())));
    }
    found.addAll(passed);
    return passed;
  }

  private boolean isWanted(RoomEvent event, Set<String> targets) {
    return Relation.of(event.pdu()).filter(each -> targets.contains(each.target())).isPresent()
        && query.type().orElse(event.type()).equals(event.type());
  }
}
