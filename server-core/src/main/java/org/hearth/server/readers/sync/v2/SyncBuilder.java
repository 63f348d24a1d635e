package org.hearth.server.readers.sync.v2;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.sections.Filter;
import org.hearth.server.readers.sync.sections.JoinedRooms;
import org.hearth.server.readers.sync.sections.LeftRooms;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.sync.view.IgnoredUsers;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.sync.view.Viewer;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.accountdata.AccountDataItem;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.InvitePermission;

/// Builds the answer to a sync request as of one position.
///
/// **Thread:** any; it writes nothing. A failure of any part fails the whole: a token never passes
/// a room that could not be read.
public final class SyncBuilder {
  private final RoomQueries rooms;
  private final AccountDataQueries accountData;
  private final JoinedRooms joinedRooms;
  private final LeftRooms leftRooms;

  public SyncBuilder(
      RoomQueries rooms,
      AccountDataQueries accountData,
      JoinedRooms joinedRooms,
      LeftRooms leftRooms) {
    this.rooms = rooms;
    this.accountData = accountData;
    this.joinedRooms = joinedRooms;
    this.leftRooms = leftRooms;
  }

  /// The answer of what happened after what the client has, up to now.
  SyncAnswer build(SyncRequest asked, UserFeed feed, LogPosition now) {
    SyncRequest request =
        asked.ignoring(feed.ignored(() -> IgnoredUsers.of(accountData, asked.user())));
    SyncAnswer answer = new SyncAnswer();
    Map<RoomId, List<ObjectNode>> roomData = accountData(request, feed, now, answer);
    for (RoomMembership newest : feed.memberships()) {
      if (request.filter().room().admits(newest.room())) {
        asOf(newest, now)
            .ifPresent(membership ->
                add(
                    request,
                    now,
                    membership,
                    roomData.getOrDefault(membership.room(), List.of()),
                    answer));
      }
    }
    return answer;
  }

  /// The feed may be ahead of the snapshot.
  private Optional<RoomMembership> asOf(RoomMembership newest, LogPosition now) {
    return newest.position().isAfter(now)
        ? rooms.membershipAt(newest.room(), newest.user(), now)
        : Optional.of(newest);
  }

  private void add(
      SyncRequest request,
      LogPosition now,
      RoomMembership membership,
      List<ObjectNode> roomData,
      SyncAnswer answer) {
    RoomId room = membership.room();
    switch (membership.membership()) {
      case JOIN ->
          joinedRooms
              .section(request, now, membership, roomData)
              .ifPresent(section -> answer.join(room, section));
      case INVITE -> {
        if (isNews(request, membership)
            && !isOfAnIgnored(request.viewer(), membership)
            // "invite events for this user already in the database […] MUST NOT be served over
            // client synchronisation endpoints", while the user blocks invites.
            && !InvitePermission.blocksAll(accountData, request.user())) {
          answer.invite(room, stripped("invite_state", membership));
        }
      }
      case KNOCK -> {
        if (isNews(request, membership)) {
          answer.knock(room, stripped("knock_state", membership));
        }
      }
      case LEAVE, BAN ->
          leftRooms
              .section(request, now, membership, roomData)
              .ifPresent(section -> answer.leave(room, section));
    }
  }

  private boolean isOfAnIgnored(Viewer viewer, RoomMembership invited) {
    return !viewer.ignored().isEmpty()
        && rooms
            .eventAt(invited.position())
            .filter(event -> viewer.ignored().hidesInvitesOf(event.sender()))
            .isPresent();
  }

  private static boolean isNews(SyncRequest request, RoomMembership membership) {
    return request.since().isEmpty() || membership.position().isAfter(request.since().get());
  }

  private ObjectNode stripped(String name, RoomMembership membership) {
    ObjectNode section = JsonNodeFactory.instance.objectNode();
    section
        .putObject(name)
        .putArray("events")
        .addAll(rooms.strippedState(membership.room(), membership.user()));
    return section;
  }

  /// Adds the global account data to the answer.
  ///
  /// @return that of rooms
  private Map<RoomId, List<ObjectNode>> accountData(
      SyncRequest request, UserFeed feed, LogPosition now, SyncAnswer answer) {
    if (request.since().isPresent() && !feed.mayHaveNewAccountData(request.since().get())) {
      return Map.of();
    }
    List<AccountDataItem> items =
        request.since().isPresent()
            ? accountData.changed(request.user(), request.since().get(), now)
            : accountData.all(request.user(), now);
    Filter filter = request.filter();
    Map<RoomId, List<ObjectNode>> byRoom = new HashMap<>();
    for (AccountDataItem each : items) {
      ObjectNode event = JsonNodeFactory.instance.objectNode();
      event.put("type", each.type());
      event.set("content", each.content());
      if (each.room() == null) {
        if (filter.accountData().admits(each.type(), request.user().value(), each.content())) {
          answer.accountData(event);
        }
      } else if (filter.room().accountData().admitsRoom(each.room())
          && filter
              .room()
              .accountData()
              .admits(each.type(), request.user().value(), each.content())) {
        byRoom.computeIfAbsent(each.room(), _ -> new ArrayList<>()).add(event);
      }
    }
    return byRoom;
  }
}
