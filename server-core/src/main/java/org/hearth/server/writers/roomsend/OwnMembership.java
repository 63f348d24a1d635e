package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;

/// Users who come and go themselves: in rooms that are here by the Room Server, in others by their
/// servers.
///
/// **thread**: any that may wait.
final class OwnMembership {
  private final RoomQueries rooms;
  private final AccountQueries accounts;
  private final MembershipChanges changes;
  private final PersonalSettings settings;
  private final RoomsElsewhere elsewhere;

  OwnMembership(
      RoomQueries rooms,
      AccountQueries accounts,
      MembershipChanges changes,
      PersonalSettings settings,
      RoomsElsewhere elsewhere) {
    this.rooms = rooms;
    this.accounts = accounts;
    this.changes = changes;
    this.settings = settings;
    this.elsewhere = elsewhere;
  }

  /// @param extra further keys of the content
  /// @param through servers that may be in the room, the likeliest first
  void join(RoomId room, UserId user, ObjectNode extra, List<ServerName> through)
      throws InterruptedException {
    if (elsewhere.isHere(room)) {
      joinHere(room, user, extra, through);
      return;
    }
    boolean abandoned = isAbandoned(room);
    ObjectNode content = content(user, Membership.JOIN, extra);
    try {
      boolean joined =
          accounts.isGuest(user)
              ? elsewhere.joinAsGuest(room, user, content, through)
              : elsewhere.join(room, user, content, through);
      if (!joined) {
        joinHere(room, user, extra, through);
        return;
      }
      settings.carryOver(user, room);
    } catch (MatrixException e) {
      // A room that everybody has left is open to whom its rules let in, if no other server has it.
      if (!abandoned || e.is(Errcode.FORBIDDEN)) {
        throw e;
      }
      var _ = changes.change(room, user, user, Membership.JOIN, Set.of(), extra);
    }
  }

  private void joinHere(RoomId room, UserId user, ObjectNode extra, List<ServerName> through)
      throws InterruptedException {
    try {
      var _ = changes.change(room, user, user, Membership.JOIN, Set.of(), extra);
    } catch (MatrixException e) {
      if (!e.is(Errcode.UNABLE_TO_AUTHORISE_JOIN)) {
        throw e;
      }
      // Somebody of another server may be able to: "the joining server should try a different
      // server".
      elsewhere.joinAuthorisedElsewhere(room, user, content(user, Membership.JOIN, extra), through);
      settings.carryOver(user, room);
    }
  }

  /// @param extra further keys of the content
  /// @param through servers that may be in the room, the likeliest first
  void knock(RoomId room, UserId user, ObjectNode extra, List<ServerName> through)
      throws InterruptedException {
    if (!elsewhere.isHere(room)
        && !isAbandoned(room)
        && elsewhere.knock(room, user, content(user, Membership.KNOCK, extra), through)) {
      return;
    }
    var _ = changes.change(room, user, user, Membership.KNOCK, Set.of(), extra);
  }

  /// @param extra further keys of the content
  void leave(RoomId room, UserId user, ObjectNode extra) throws InterruptedException {
    boolean waitsOutside =
        rooms
            .outside(room, user)
            .map(each ->
                switch (each.membership().membership()) {
                  case INVITE, KNOCK -> true;
                  case JOIN, LEAVE, BAN -> false;
                })
            .orElse(false);
    if (waitsOutside && elsewhere.leave(room, user, extra)) {
      return;
    }
    var _ =
        changes.change(
            room,
            user,
            user,
            Membership.LEAVE,
            EnumSet.of(Membership.JOIN, Membership.INVITE, Membership.KNOCK),
            extra);
  }

  /// Whether the room is here and nobody is in it any more, as far as is known.
  private boolean isAbandoned(RoomId room) {
    return rooms.room(room).isPresent() && rooms.joinedUsers(room).isEmpty();
  }

  private ObjectNode content(UserId user, Membership membership, ObjectNode extra) {
    return changes.withNames(user, membership, extra);
  }
}
