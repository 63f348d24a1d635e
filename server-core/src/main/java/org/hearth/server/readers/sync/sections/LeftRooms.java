package org.hearth.server.readers.sync.sections;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timeline;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// Reads what there is to tell of a room in which the user is no longer: up to the moment of
/// leaving, and nothing of what came after.
///
/// **Thread:** any. **Source:** [leaving rooms][leave].
///
/// [leave]: https://spec.matrix.org/v1.19/client-server-api/#leaving-rooms
public final class LeftRooms {
  private final RoomQueries rooms;
  private final Timelines timelines;
  private final StateTelling states;

  public LeftRooms(RoomQueries rooms, Timelines timelines, StateTelling states) {
    this.rooms = rooms;
    this.timelines = timelines;
    this.states = states;
  }

  /// The room's news; empty if there is nothing to tell.
  ///
  /// @param membership as of `now`: left or banned
  Optional<? extends RoomNews> news(
      SyncRequest request, LogPosition now, RoomMembership membership) {
    OwnMembership own = OwnMembership.upTo(rooms, Optional.of(membership));
    Optional<LogPosition> since = request.since(membership.room());
    boolean tell = since.map(membership.position()::isAfter).orElse(request.includeLeft());
    if (!tell || isForgotten(request, membership)) {
      return Optional.empty();
    }
    Optional<OutsideRoom> outside = outside(membership);
    if (outside.isPresent()) {
      return over(request, now, outside.get());
    }
    // A user who was in the room only before `since` (and was, say, invited and declined after it)
    // has been told of that time already.
    Optional<LogPosition> leftAt = own.leftAt(since.orElse(LogPosition.ORIGIN));
    RoomNews.Happened happened =
        leftAt.isPresent()
            ? history(request, now, membership.room(), leftAt.get(), own)
            : nothing(membership, own);
    boolean changedOutside = !leftAt.equals(Optional.of(membership.position()));
    return Optional.of(
        new RoomNews.Left(
            changedOutside ? withNewest(request, membership, leftAt, happened) : happened));
  }

  /// What the user was to a room that is not here.
  private Optional<OutsideRoom> outside(RoomMembership membership) {
    return OwnMembership.event(rooms, membership).isPresent()
        ? Optional.empty()
        : rooms.outside(membership.room(), membership.user());
  }

  /// A client that was not told yet that the user had left the room before that is told so, which
  /// is the end of this, too.
  private Optional<? extends RoomNews> over(
      SyncRequest request, LogPosition now, OutsideRoom outside) {
    RoomMembership membership = outside.membership();
    Optional<RoomMembership> inside =
        rooms
            .membershipAt(
                membership.room(),
                membership.user(),
                new LogPosition(membership.position().value() - 1))
            .filter(each ->
                request.since(each.room()).map(each.position()::isAfter).orElse(true)
                    && OwnMembership.event(rooms, each).isPresent());
    if (inside.isPresent()) {
      return news(request, now, inside.get());
    }
    boolean shown = request.filter().room().timeline().admitsRoom(membership.room());
    return shown ? Optional.of(new RoomNews.Over(outside.asEvent())) : Optional.empty();
  }

  private boolean isForgotten(SyncRequest request, RoomMembership membership) {
    return rooms
        .membership(membership.room(), request.user())
        .map(RoomMembership::forgotten)
        .orElse(false);
  }

  /// The user was in the room: the history from what the client has up to the leaving.
  private RoomNews.Happened history(
      SyncRequest request, LogPosition now, RoomId room, LogPosition leftAt, OwnMembership own) {
    LogPosition before = new LogPosition(leftAt.value() - 1);
    OwnMembership inside =
        OwnMembership.upTo(rooms, rooms.membershipAt(room, request.user(), before));
    Optional<LogPosition> since = request.since(room);
    Optional<LogPosition> known = since.filter(inside::joinedEverSince);
    EventFilter filter = request.filter().room().timeline();
    Timeline timeline = Timeline.none(leftAt);
    if (filter.admitsRoom(room)) {
      Timelines.Range range = new Timelines.Range(room, known.orElse(LogPosition.ORIGIN), leftAt);
      int limit = filter.limit(JoinedRooms.USUAL_LIMIT, JoinedRooms.LARGEST_LIMIT);
      timeline = timelines.newest(range, request.viewer(), filter, limit);
      boolean gap = known.isEmpty() && since.isPresent();
      timeline = gap ? timeline.withGap() : timeline;
    }
    StateTelling.Part part =
        new StateTelling.Part(
            room, leftAt, request.fullState() ? Optional.empty() : known, timeline, List.of(), now);
    return new RoomNews.Happened(states.changes(request, part), timeline, own);
  }

  private static RoomNews.Happened nothing(RoomMembership membership, OwnMembership own) {
    LogPosition before = new LogPosition(membership.position().value() - 1);
    return new RoomNews.Happened(
        List.of(), new Timeline(List.of(), false, before, false, false), own);
  }

  /// Adds the user's newest membership, which changed while the user was not in the room: an
  /// invitation ended, or there was a ban, or the end of one.
  private RoomNews.Happened withNewest(
      SyncRequest request,
      RoomMembership membership,
      Optional<LogPosition> leftAt,
      RoomNews.Happened happened) {
    Optional<RoomEvent> newest = OwnMembership.event(rooms, membership);
    if (newest.isEmpty()) {
      return happened;
    }
    Filter.Rooms filter = request.filter().room();
    boolean shown = admits(filter.timeline(), newest.get());
    List<LogPosition> state = new ArrayList<>(happened.state());
    if ((request.stateAfter() || !shown) && admits(filter.state(), newest.get())) {
      // It replaces what the user was at the moment of leaving.
      leftAt.ifPresent(state::remove);
      state.add(newest.get().position());
    }
    Timeline timeline = happened.timeline();
    return new RoomNews.Happened(
        state, shown ? timeline.with(newest.get()) : timeline, happened.own());
  }

  private static boolean admits(EventFilter filter, RoomEvent event) {
    return filter.admitsRoom(event.room()) && Timelines.admits(filter, event);
  }
}
