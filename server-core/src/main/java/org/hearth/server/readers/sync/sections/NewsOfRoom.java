package org.hearth.server.readers.sync.sections;

import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.InvitePermission;

/// What there is to tell a user of one room, by what the user is there. Every API that tells of
/// rooms asks this, so that they do not disagree.
///
/// **Thread:** any.
public final class NewsOfRoom {
  private final RoomQueries rooms;
  private final AccountDataQueries accountData;

  public NewsOfRoom(RoomQueries rooms, AccountDataQueries accountData) {
    this.rooms = rooms;
    this.accountData = accountData;
  }

  /// How rooms are read, of two kinds.
  public record Readers(JoinedRooms joined, LeftRooms left) {}

  static News.Place place(Membership membership) {
    return switch (membership) {
      case JOIN -> News.Place.JOIN;
      case INVITE -> News.Place.INVITE;
      case KNOCK -> News.Place.KNOCK;
      case LEAVE, BAN -> News.Place.LEAVE;
    };
  }

  /// The news; empty if there is nothing to tell.
  ///
  /// @param membership as of `now`
  Optional<? extends RoomNews> of(
      SyncRequest request, LogPosition now, RoomMembership membership, Readers readers) {
    return switch (membership.membership()) {
      case JOIN -> readers.joined().news(request, now, membership);
      case INVITE -> invited(request, membership);
      case KNOCK ->
          isNews(request, membership) ? Optional.of(outside(membership)) : Optional.empty();
      case LEAVE, BAN -> readers.left().news(request, now, membership);
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
            .or(() -> rooms.outside(invited.room(), invited.user()).map(OutsideRoom::asEvent))
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
