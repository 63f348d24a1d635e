package org.hearth.server.readers.sync.sections;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.MemberCounts;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.RoomSummary;

/// Counts a room's members and, where the room has no name, finds those who make one.
///
/// **Thread:** any. **Source:** [`RoomSummary`][sync] of `/sync`.
///
/// [sync]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
public final class RoomSummaries {
  private static final int HEROES = 5;

  private final RoomQueries rooms;

  public RoomSummaries(RoomQueries rooms) {
    this.rooms = rooms;
  }

  /// A room's members at one moment.
  ///
  /// @param heroes empty when the room has a name or an alias, or the user is alone with nobody
  ///   before
  public record Summary(MemberCounts counts, List<UserId> heroes) {}

  /// The room's summary for that user at that position.
  Summary summary(RoomId room, UserId user, LogPosition upTo) {
    return new Summary(
        counts(room, upTo), isNamed(room, upTo) ? List.of() : heroes(room, user, upTo));
  }

  private MemberCounts counts(RoomId room, LogPosition upTo) {
    Optional<RoomSummary> now = rooms.room(room);
    if (now.isPresent() && !now.get().last().isAfter(upTo)) {
      return now.get().counts();
    }
    int joined = 0;
    int invited = 0;
    for (RoomMembership each : members(room, upTo)) {
      joined += each.membership() == Membership.JOIN ? 1 : 0;
      invited += each.membership() == Membership.INVITE ? 1 : 0;
    }
    return new MemberCounts(joined, invited);
  }

  /// "Required if the room's `m.room.name` or `m.room.canonical_alias` state events are unset or
  /// empty."
  private boolean isNamed(RoomId room, LogPosition upTo) {
    Optional<RoomState> state = rooms.stateAt(room, upTo);
    return state.isPresent()
        && (hasText(state.get(), EventTypes.NAME, "name")
            || hasText(state.get(), EventTypes.CANONICAL_ALIAS, "alias"));
  }

  private static boolean hasText(RoomState state, String type, String field) {
    return state
        .event(type)
        .map(event -> event.pdu().content().path(field).asText())
        .filter(text -> !text.isEmpty())
        .isPresent();
  }

  /// "The first 5 members of the room, ordered by stream ordering, which are joined or invited. The
  /// list must never include the client's own user ID. When no joined or invited members are
  /// available, this should consist of the banned and left users."
  private List<UserId> heroes(RoomId room, UserId user, LogPosition upTo) {
    List<RoomMembership> others =
        members(room, upTo).stream()
            .filter(each -> !each.user().equals(user))
            .sorted(Comparator.comparing(RoomMembership::position))
            .toList();
    List<UserId> present = first(others, EnumSet.of(Membership.JOIN, Membership.INVITE));
    return present.isEmpty()
        ? first(others, EnumSet.of(Membership.LEAVE, Membership.BAN))
        : present;
  }

  private static List<UserId> first(List<RoomMembership> members, Set<Membership> kinds) {
    return members.stream()
        .filter(each -> kinds.contains(each.membership()))
        .limit(HEROES)
        .map(RoomMembership::user)
        .toList();
  }

  /// All who ever had a membership, as it was at that position.
  private List<RoomMembership> members(RoomId room, LogPosition upTo) {
    List<RoomMembership> then = new ArrayList<>();
    for (RoomMembership each : rooms.members(room, EnumSet.allOf(Membership.class))) {
      if (each.position().isAfter(upTo)) {
        rooms.membershipAt(room, each.user(), upTo).ifPresent(then::add);
      } else {
        then.add(each);
      }
    }
    return then;
  }
}
