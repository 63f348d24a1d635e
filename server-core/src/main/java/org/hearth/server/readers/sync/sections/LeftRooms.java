package org.hearth.server.readers.sync.sections;

import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.events.EventFilter;
import org.hearth.server.readers.sync.events.OwnMembership;
import org.hearth.server.readers.sync.events.Timeline;
import org.hearth.server.readers.sync.events.Timelines;
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
  private final StateChanges states;

  public LeftRooms(RoomQueries rooms, Timelines timelines, StateChanges states) {
    this.rooms = rooms;
    this.timelines = timelines;
    this.states = states;
  }

  /// The room's news; empty if there is nothing to tell.
  ///
  /// @param membership as of `now`: left or banned
  Optional<RoomNews.Left> news(SyncRequest request, LogPosition now, RoomMembership membership) {
    OwnMembership own = OwnMembership.upTo(rooms, Optional.of(membership));
    Optional<LogPosition> since = request.since(membership.room());
    boolean tell =
        since.isPresent()
            ? membership.position().isAfter(since.get()) && own.concernedSince(since.get())
            : request.includeLeft();
    if (!tell || isForgotten(request, membership)) {
      return Optional.empty();
    }
    // A user who was in the room only before `since` (and was, say, invited and declined after it)
    // has been told of that time already.
    Optional<LogPosition> leftAt =
        own.leftAt().filter(each -> since.isEmpty() || each.isAfter(since.get()));
    RoomNews.Happened happened =
        leftAt.isPresent()
            ? history(request, now, membership.room(), leftAt.get(), own)
            : ownEvent(request, membership, own);
    return Optional.of(new RoomNews.Left(happened));
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
    StateChanges.Part part =
        new StateChanges.Part(
            room, leftAt, request.fullState() ? Optional.empty() : known, timeline, List.of(), now);
    return new RoomNews.Happened(states.changes(request, part), timeline, own);
  }

  /// The user was never in the room: the end of the invitation, or of the wish to be let in.
  private RoomNews.Happened ownEvent(
      SyncRequest request, RoomMembership membership, OwnMembership own) {
    EventFilter filter = request.filter().room().timeline();
    List<RoomEvent> event =
        rooms.eventAt(membership.position()).stream()
            .filter(each -> filter.admitsRoom(each.room()) && Timelines.admits(filter, each))
            .toList();
    LogPosition before = new LogPosition(membership.position().value() - 1);
    return new RoomNews.Happened(List.of(), new Timeline(event, false, before, false, false), own);
  }
}
