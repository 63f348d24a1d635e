package org.hearth.server.servers.room;

import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.UserId;

/// Those by whom a room is known that has no name.
///
/// **Thread:** any. **Source:** `m.heroes` in [`RoomSummary`][sync] of `/sync`.
///
/// [sync]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
///
/// @param present the first of those who are joined or invited, one more than are named: whoever
///   asks is left out
/// @param past the first of those who are not
public record Heroes(List<UserId> present, List<UserId> past) {
  /// So many are named.
  public static final int MOST = 5;

  public Heroes {
    present = List.copyOf(present);
    past = List.copyOf(past);
  }

  /// Those of a room.
  ///
  /// @param members in any order
  public static Heroes among(Collection<RoomMembership> members) {
    List<RoomMembership> ordered =
        members.stream().sorted(Comparator.comparing(RoomMembership::position)).toList();
    return new Heroes(
        first(ordered, EnumSet.of(Membership.JOIN, Membership.INVITE)),
        first(ordered, EnumSet.of(Membership.LEAVE, Membership.BAN)));
  }

  private static List<UserId> first(List<RoomMembership> members, Set<Membership> kinds) {
    return members.stream()
        .filter(each -> kinds.contains(each.membership()))
        .limit(MOST + 1L)
        .map(RoomMembership::user)
        .toList();
  }

  /// "The first 5 members of the room, ordered by stream ordering, which are joined or invited. The
  /// list must never include the client's own user ID. When no joined or invited members are
  /// available, this should consist of the banned and left users."
  ///
  /// @param user who asks
  public List<UserId> of(UserId user) {
    List<UserId> others = without(user, present);
    return others.isEmpty() ? without(user, past) : others;
  }

  private static List<UserId> without(UserId user, List<UserId> users) {
    return users.stream().filter(each -> !each.equals(user)).limit(MOST).toList();
  }
}
