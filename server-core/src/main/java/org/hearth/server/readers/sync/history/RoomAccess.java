package org.hearth.server.readers.sync.history;

import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// How far a user may look into a room. Events are asked about one by one besides
/// ([RoomQueries#visible]); this is about the room as a whole, and its state.
public sealed interface RoomAccess {
  /// Up to where the user may look.
  LogPosition upTo();

  /// The user is in the room.
  record Member(LogPosition upTo) implements RoomAccess {}

  /// The user was in the room until then.
  record FormerMember(LogPosition upTo) implements RoomAccess {}

  /// The user never was in the room, which is open for all to read.
  record Passer(LogPosition upTo) implements RoomAccess {}

  /// Finds out, as of the newest position; a room that does not exist is as closed as any other, so
  /// that nobody learns which there are.
  ///
  /// @throws MatrixException `M_FORBIDDEN` if the user may not look into the room
  static RoomAccess of(RoomQueries rooms, RoomId room, UserId user, LogPosition now) {
    return maybe(rooms, room, user, now)
        .orElseThrow(() -> MatrixException.forbidden("You are not in this room and never were"));
  }

  private static Optional<RoomAccess> maybe(
      RoomQueries rooms, RoomId room, UserId user, LogPosition now) {
    Optional<RoomMembership> membership = rooms.membership(room, user);
    if (membership.isPresent() && membership.get().membership() == Membership.JOIN) {
      return Optional.of(new Member(now));
    }
    if (membership.isPresent() && !membership.get().forgotten()) {
      Optional<LogPosition> leftAt = OwnMembership.upTo(rooms, membership).leftAt();
      if (leftAt.isPresent()) {
        return Optional.of(new FormerMember(leftAt.get()));
      }
    }
    return rooms.isWorldReadable(room) ? Optional.of(new Passer(now)) : Optional.empty();
  }
}
