package org.hearth.server.readers.sync.sections;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.InvitePermission;

/// What happened in the user's rooms: events, state, members, and the user's own coming and going.
///
/// It visits the rooms in which there was news since the client's token, and those that could not
/// be read then. It visits all of the user's rooms for a client that has nothing or wants all
/// state, and when the token is older than what the user's feed remembers.
///
/// **Thread:** any.
public final class RoomsSection implements Section {
  private final OutputLog<RoomOutput> log;
  private final NewsKind events;
  private final RoomQueries rooms;
  private final AccountDataQueries accountData;
  private final JoinedRooms joinedRooms;
  private final LeftRooms leftRooms;

  /// How rooms are read, of two kinds.
  public record Readers(JoinedRooms joined, LeftRooms left) {}

  /// @param events the kind of news that the reader of the log notes
  public RoomsSection(
      OutputLog<RoomOutput> log,
      NewsKind events,
      RoomQueries rooms,
      AccountDataQueries accountData,
      Readers readers) {
    this.log = log;
    this.events = events;
    this.rooms = rooms;
    this.accountData = accountData;
    this.joinedRooms = readers.joined();
    this.leftRooms = readers.left();
  }

  @Override
  public String name() {
    return "rooms";
  }

  @Override
  public List<Followed> follows() {
    return List.of(new Followed.Durable(log));
  }

  @Override
  public boolean mayHaveNews(Asked asked) {
    return changed(asked).filter(Set::isEmpty).isEmpty();
  }

  @Override
  public void add(Asked asked, News news) {
    Collection<RoomMembership> visited =
        changed(asked).map(asked::newestMemberships).orElseGet(asked.feed()::memberships);
    for (RoomMembership each : visited) {
      RoomId room = each.room();
      news.heldBack()
          .attempt(
              room.value(),
              asked.request().since(room),
              () ->
                  asked
                      .asOfNow(each)
                      .ifPresent(membership ->
                          news.put(
                              place(membership.membership()), room, () -> of(asked, membership))));
    }
  }

  private static News.Place place(Membership membership) {
    return switch (membership) {
      case JOIN -> News.Place.JOIN;
      case INVITE -> News.Place.INVITE;
      case KNOCK -> News.Place.KNOCK;
      case LEAVE, BAN -> News.Place.LEAVE;
    };
  }

  /// The rooms to visit; empty for all.
  private Optional<Set<RoomId>> changed(Asked asked) {
    Optional<SyncPoint> since = asked.request().since();
    if (since.isEmpty() || asked.request().fullState()) {
      return Optional.empty();
    }
    Optional<Set<RoomId>> changed = asked.changedRooms(events, since.get().position());
    if (changed.isEmpty() || since.get().heldBack().isEmpty()) {
      return changed;
    }
    Set<RoomId> visited = new HashSet<>(changed.get());
    visited.addAll(asked.roomsHeldBack());
    return Optional.of(visited);
  }

  private Optional<? extends RoomNews> of(Asked asked, RoomMembership membership) {
    return switch (membership.membership()) {
      case JOIN -> joinedRooms.news(asked.request(), asked.now().position(), membership);
      case INVITE -> invited(asked.request(), membership);
      case KNOCK ->
          isNews(asked.request(), membership) ? Optional.of(outside(membership)) : Optional.empty();
      case LEAVE, BAN -> leftRooms.news(asked.request(), asked.now().position(), membership);
    };
  }

  private Optional<RoomNews.Outside> invited(SyncRequest request, RoomMembership membership) {
    boolean told =
        isNews(request, membership)
            && !isOfAnIgnored(request.viewer(), membership)
            // "invite events for this user already in the database […] MUST NOT be served over
            // client synchronisation endpoints", while the user blocks invites.
            && !InvitePermission.blocksAll(accountData, request.user());
    return told ? Optional.of(outside(membership)) : Optional.empty();
  }

  private boolean isOfAnIgnored(Viewer viewer, RoomMembership invited) {
    return !viewer.ignored().isEmpty()
        && rooms
            .eventAt(invited.position())
            .filter(event -> viewer.ignored().hidesInvitesOf(event.sender()))
            .isPresent();
  }

  private static boolean isNews(SyncRequest request, RoomMembership membership) {
    Optional<LogPosition> since = request.since(membership.room());
    return since.isEmpty() || membership.position().isAfter(since.get());
  }

  private RoomNews.Outside outside(RoomMembership membership) {
    return new RoomNews.Outside(rooms.strippedState(membership.room(), membership.user()));
  }
}
