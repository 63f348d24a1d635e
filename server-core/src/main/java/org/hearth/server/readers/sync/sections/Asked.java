package org.hearth.server.readers.sync.sections;

import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// What a section is asked: the request, what is known of its user, and the point up to which all
/// sections answer.
///
/// @param feed may be ahead of that point
/// @param now the end of what is told
public record Asked(RoomQueries rooms, SyncRequest request, UserFeed feed, SyncPoint now) {
  /// Up to where the client has this section; empty if it has nothing.
  Optional<LogPosition> since(Section section) {
    return request.since().flatMap(each -> each.of(section.name()));
  }

  /// Up to where the client has a volatile log; the origin if it has nothing of this run.
  LogPosition since(char letter, VolatilePosition now) {
    return request.since().map(each -> each.of(letter, now)).orElse(LogPosition.ORIGIN);
  }

  /// The rooms that may have news of that kind after that position; empty where that is not known,
  /// so that all must be looked at.
  Optional<Set<RoomId>> changedRooms(NewsKind kind, LogPosition since) {
    return feed.changedRooms(kind, since);
  }

  /// The users of whom there may be news of that kind after that position; empty where that is not
  /// known.
  Optional<Set<UserId>> changedUsers(NewsKind kind, LogPosition since) {
    return feed.changedUsers(kind, since);
  }

  /// The user's rooms that the client's token says were held back.
  Set<RoomId> roomsHeldBack() {
    return request
        .since()
        .filter(since -> !since.heldBack().isEmpty())
        .map(since ->
            feed.memberships().stream()
                .map(RoomMembership::room)
                .filter(room -> since.holdsBack(room.value()))
                .collect(Collectors.toUnmodifiableSet()))
        .orElse(Set.of());
  }

  /// The user's membership in that room, as of now, if the client wants the room.
  Optional<RoomMembership> membership(RoomId room) {
    return feed.membership(room).flatMap(this::asOfNow);
  }

  /// The user's newest memberships in those rooms, which may be ahead of now.
  Collection<RoomMembership> newestMemberships(Collection<RoomId> those) {
    return those.stream().flatMap(each -> feed.membership(each).stream()).toList();
  }

  /// What a membership was as of now, if the client wants the room.
  Optional<RoomMembership> asOfNow(RoomMembership newest) {
    if (!request.filter().room().admits(newest.room())) {
      return Optional.empty();
    }
    return UserFeed.asOf(rooms, newest, now.position());
  }

  /// Whether the user is in that room as of now and the client wants it.
  boolean isJoined(RoomId room) {
    return membership(room).filter(each -> each.membership() == Membership.JOIN).isPresent();
  }
}
