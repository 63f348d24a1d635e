package org.hearth.server.readers.search;

import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.search.TermQuery;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// The rooms in which a user looks for something, and how far: "all rooms that the user has been in,
/// including those that they have left", without "events in rooms that happened after you left".
///
/// A room that the filter names brings those with it that it is the upgrade of.
///
/// **Bound:** all rooms that the user is in; of the others the [#MOST_LEFT] that were left last;
/// [#MOST_PREDECESSORS] of a room.
///
/// **Thread:** one request's.
///
/// **Source:** [server side search][search], [room upgrades][upgrades].
///
/// [search]: https://spec.matrix.org/v1.19/client-server-api/#server-side-search
/// [upgrades]: https://spec.matrix.org/v1.19/client-server-api/#room-upgrades
final class SearchScope {
  static final int MOST_LEFT = 300;
  static final int MOST_PREDECESSORS = 20;

  private final RoomQueries rooms;

  /// The memberships of the rooms, those that were left last first.
  private final Map<RoomId, RoomMembership> memberships = new LinkedHashMap<>();

  private final Map<RoomId, OwnMembership> own = new HashMap<>();

  /// For what is in those of the rooms in which the user is.
  private final Query joined;

  SearchScope(RoomQueries rooms, UserId user, EventFilter filter) {
    this.rooms = rooms;
    Map<RoomId, RoomMembership> all = new HashMap<>();
    rooms.roomsOf(user, EnumSet.allOf(Membership.class)).stream()
        .filter(each -> !each.forgotten())
        .forEach(each -> all.put(each.room(), each));
    Optional<Set<String>> wanted = filter.rooms().map(named -> withPredecessors(named, all));
    List<RoomMembership> admitted =
        all.values().stream()
            .filter(each -> EventFilter.admitsRoom(wanted, filter.notRooms(), each.room()))
            .toList();
    admitted.stream()
        .filter(SearchScope::isJoined)
        .forEach(each -> memberships.put(each.room(), each));
    admitted.stream()
        .filter(each -> !isJoined(each))
        .sorted(Comparator.comparing(RoomMembership::position).reversed())
        .limit(MOST_LEFT)
        .forEach(each -> memberships.put(each.room(), each));
    joined =
        new TermInSetQuery(
            SearchIndex.ROOM,
            SearchIndex.texts(
                admitted.stream()
                    .filter(SearchScope::isJoined)
                    .map(each -> each.room().value())
                    .toList()));
  }

  private static boolean isJoined(RoomMembership membership) {
    return membership.membership() == Membership.JOIN;
  }

  private Set<String> withPredecessors(Set<String> named, Map<RoomId, RoomMembership> all) {
    Set<String> wanted = new HashSet<>(named);
    for (String each : named) {
      Optional<RoomId> room = Optional.of(RoomId.parse(each));
      for (int i = 0; i < MOST_PREDECESSORS && room.filter(all::containsKey).isPresent(); i++) {
        room = predecessor(room.get());
        room.ifPresent(before -> wanted.add(before.value()));
      }
    }
    return wanted;
  }

  private Optional<RoomId> predecessor(RoomId room) {
    return rooms
        .currentState(room)
        .flatMap(state -> state.event(EventTypes.CREATE))
        .map(create -> create.pdu().content().path("predecessor").path("room_id").asText())
        .flatMap(id -> Identifiers.read(RoomId::parse, id));
  }

  boolean isEmpty() {
    return memberships.isEmpty();
  }

  /// The query for what is in these rooms, and of those that were left no later than that. What is
  /// in a room in which the user never was is not even looked at: else a page that ends with it
  /// would tell that there is something.
  Query query() {
    BooleanQuery.Builder any = new BooleanQuery.Builder();
    any.add(joined, Occur.SHOULD);
    memberships.values().stream()
        .filter(each -> !isJoined(each))
        .map(RoomMembership::room)
        .forEach(room ->
            own(room).leftAt().ifPresent(left -> any.add(inRoom(room, left), Occur.SHOULD)));
    return any.build();
  }

  /// The query for what is in those of the rooms in which the user is.
  Query joined() {
    return joined;
  }

  private static Query inRoom(RoomId room, LogPosition upTo) {
    return new BooleanQuery.Builder()
        .add(new TermQuery(new Term(SearchIndex.ROOM, room.value())), Occur.FILTER)
        .add(
            NumericDocValuesField.newSlowRangeQuery(
                SearchIndex.NEWEST, Long.MIN_VALUE, upTo.value()),
            Occur.FILTER)
        .build();
  }

  /// What the room is to the user.
  OwnMembership own(RoomId room) {
    return own.computeIfAbsent(
        room, each -> OwnMembership.upTo(rooms, Optional.ofNullable(memberships.get(each))));
  }

  /// Up to where the user may look into the room: for who is in it, now.
  LogPosition upTo(RoomId room, LogPosition now) {
    RoomMembership membership = memberships.get(room);
    return membership == null || isJoined(membership)
        ? now
        : own(room).leftAt().orElse(LogPosition.ORIGIN);
  }

  /// Whether the event is from the time before the user left the room, in which the user was.
  boolean reaches(RoomEvent event) {
    RoomMembership membership = memberships.get(event.room());
    return membership != null
        && (isJoined(membership)
            || own(event.room())
                .leftAt()
                .filter(left -> event.place() <= left.value())
                .isPresent());
  }
}
