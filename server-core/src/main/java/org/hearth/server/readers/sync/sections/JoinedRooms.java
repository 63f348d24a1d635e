package org.hearth.server.readers.sync.sections;

import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timeline;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// Reads what there is to tell of a room in which the user is.
///
/// **Thread:** any.
public final class JoinedRooms {
  /// Events in a timeline when the filter names no number, and at most.
  static final int USUAL_LIMIT = 10;

  static final int LARGEST_LIMIT = 100;

  private final RoomQueries rooms;
  private final Timelines timelines;
  private final StateTelling states;
  private final RoomSummaries summaries;

  public JoinedRooms(
      RoomQueries rooms, Timelines timelines, StateTelling states, RoomSummaries summaries) {
    this.rooms = rooms;
    this.timelines = timelines;
    this.states = states;
    this.summaries = summaries;
  }

  /// The room's news; empty if there is nothing to tell.
  ///
  /// @param membership as of `now`: joined
  Optional<RoomNews.Joined> news(SyncRequest request, LogPosition now, RoomMembership membership) {
    RoomId room = membership.room();
    OwnMembership own = OwnMembership.upTo(rooms, Optional.of(membership));
    Optional<LogPosition> since = request.since(room);
    // A user who was away in between is told everything, as one who is new: what happened meanwhile
    // may not be shown as events, but has changed the state.
    Optional<LogPosition> known = since.filter(own::joinedEverSince);
    LogPosition after =
        since.filter(each -> own.at(each) == Membership.JOIN).orElse(LogPosition.ORIGIN);
    Timelines.Range range = new Timelines.Range(room, after, now);
    boolean full = known.isEmpty() || request.fullState();
    if (!full && !timelines.any(range)) {
      return Optional.empty();
    }
    Timeline timeline = timeline(request, range, known.isEmpty() && since.isPresent());
    Optional<RoomSummaries.Summary> summary =
        full || timeline.mayChangeMembers()
            ? Optional.of(summaries.summary(room, request.user(), now))
            : Optional.empty();
    List<UserId> heroes = summary.map(RoomSummaries.Summary::heroes).orElse(List.of());
    StateTelling.Part part =
        new StateTelling.Part(room, now, full ? Optional.empty() : known, timeline, heroes, now);
    List<LogPosition> state = states.changes(request, part);
    boolean nothing =
        !full
            && timeline.events().isEmpty()
            && !timeline.limited()
            && state.isEmpty()
            && (summary.isEmpty()
                || summary.equals(
                    known.map(then -> summaries.summary(room, request.user(), then))));
    return nothing
        ? Optional.empty()
        : Optional.of(new RoomNews.Joined(summary, new RoomNews.Happened(state, timeline, own)));
  }

  private Timeline timeline(SyncRequest request, Timelines.Range range, boolean newlyJoined) {
    EventFilter filter = request.filter().room().timeline();
    if (!filter.admitsRoom(range.room())) {
      return Timeline.none(range.upTo());
    }
    Timeline timeline =
        timelines.newest(range, request.viewer(), filter, filter.limit(USUAL_LIMIT, LARGEST_LIMIT));
    return newlyJoined ? timeline.withGap() : timeline;
  }
}
