package org.hearth.server.readers.sync.sections;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timeline;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// What happened in rooms that a client names one by one, of each after what the client has of that
/// room: the news that [RoomsSection] has of all rooms.
///
/// **Thread:** one request's: it is made for one answer.
public final class WindowSection implements Section {
  private final NewsOfRoom news;
  private final RoomQueries rooms;
  private final Timelines timelines;
  private final RoomSummaries summaries;
  private final List<Wanted> wanted;

  /// A room that is wanted.
  ///
  /// @param since up to where the client has the room; empty if it has nothing
  /// @param limit the most events of the timeline
  /// @param expanded whether the newest events are told, also those that the client has
  /// @param counts whether the unread counts are told even if nothing happened
  public record Wanted(
      RoomId room,
      Optional<LogPosition> since,
      int limit,
      boolean expanded,
      boolean counts,
      State state) {}

  /// Which state is told of a room.
  public interface State extends StateTelling {
    /// Where the state events are that are told beside what has changed, to who has the room: those
    /// that were not wanted before, and those that the timeline needs.
    List<LogPosition> besides(SyncRequest request, Part part);
  }

  public WindowSection(
      NewsOfRoom news,
      RoomQueries rooms,
      Timelines timelines,
      RoomSummaries summaries,
      Collection<Wanted> wanted) {
    this.news = news;
    this.rooms = rooms;
    this.timelines = timelines;
    this.summaries = summaries;
    this.wanted = List.copyOf(wanted);
  }

  @Override
  public String name() {
    return "window";
  }

  @Override
  public List<Followed> follows() {
    return List.of();
  }

  @Override
  public boolean mayHaveNews(Asked asked) {
    return !wanted.isEmpty();
  }

  @Override
  public void add(Asked asked, News told) {
    for (Wanted each : wanted) {
      told.heldBack().attempt(each.room().value(), each.since(), () -> add(asked, each, told));
    }
  }

  /// The user may have gone since the room was sent last: what the user is there is asked each
  /// time.
  private void add(Asked asked, Wanted each, News told) {
    Optional<RoomMembership> membership =
        asked
            .feed()
            .membership(each.room())
            .flatMap(newest -> UserFeed.asOf(rooms, newest, asked.now().position()));
    if (membership.isEmpty()) {
      return;
    }
    told.put(
        NewsOfRoom.place(membership.get().membership()),
        each.room(),
        () -> of(asked, each, membership.get()));
    if (each.counts() && membership.get().membership() == Membership.JOIN) {
      told.joined(each.room()).ifPresent(RoomTelling::countsChanged);
    }
  }

  private Optional<? extends RoomNews> of(Asked asked, Wanted each, RoomMembership membership) {
    SyncRequest request = request(asked.request(), each);
    LogPosition now = asked.now().position();
    NewsOfRoom.Readers readers =
        new NewsOfRoom.Readers(
            new JoinedRooms(rooms, timelines, each.state(), summaries),
            new LeftRooms(rooms, timelines, each.state()));
    Optional<? extends RoomNews> told = news.of(request, now, membership, readers);
    if (membership.membership() != Membership.JOIN || each.since().isEmpty()) {
      return told;
    }
    Optional<RoomNews.Joined> joined =
        told.filter(RoomNews.Joined.class::isInstance).map(RoomNews.Joined.class::cast);
    OwnMembership own =
        joined
            .map(room -> room.happened().own())
            .orElseGet(() -> OwnMembership.upTo(rooms, Optional.of(membership)));
    // Who was away in between is told everything anyway.
    return own.joinedEverSince(each.since().get()) ? more(request, each, now, joined, own) : told;
  }

  private Optional<RoomNews.Joined> more(
      SyncRequest request,
      Wanted each,
      LogPosition now,
      Optional<RoomNews.Joined> told,
      OwnMembership own) {
    Timeline timeline =
        told.map(joined -> joined.happened().timeline())
            .orElseGet(() -> new Timeline(List.of(), false, now, false, false));
    if (each.expanded()) {
      Timelines.Range all = new Timelines.Range(each.room(), LogPosition.ORIGIN, now);
      EventFilter filter = request.filter().room().timeline();
      int limit = filter.limit(JoinedRooms.USUAL_LIMIT, JoinedRooms.LARGEST_LIMIT);
      timeline = timelines.newest(all, request.viewer(), filter, limit);
    }
    StateTelling.Part part =
        new StateTelling.Part(each.room(), now, each.since(), timeline, List.of(), now);
    TreeSet<LogPosition> state = new TreeSet<>(each.state().besides(request, part));
    if (told.isEmpty() && state.isEmpty() && !each.expanded()) {
      return Optional.empty();
    }
    told.ifPresent(joined -> state.addAll(joined.happened().state()));
    return Optional.of(
        new RoomNews.Joined(
            told.flatMap(RoomNews.Joined::summary),
            new RoomNews.Happened(new ArrayList<>(state), timeline, own)));
  }

  private static SyncRequest request(SyncRequest all, Wanted each) {
    Filter filter = all.filter();
    return new SyncRequest(
        all.viewer(),
        filter.with(filter.room().withTimeline(EventFilter.ofLimit(each.limit()))),
        all.filterName(),
        each.since().map(SyncPoint::new),
        false,
        SyncRequest.StateSection.STATE_AFTER,
        true,
        all.timeout());
  }
}
