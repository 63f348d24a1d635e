package org.hearth.server.readers.sync.sections;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.Heroes;
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
  /// For some thousands of states.
  private static final long MOST_BYTES = 4L << 20;

  private static final int MEMBERS_BYTES = 300;
  private static final int USER_BYTES = 400;

  private final RoomQueries rooms;
  private final Cache<State, Members> members =
      Caffeine.newBuilder()
          .maximumWeight(MOST_BYTES)
          .weigher((State _, Members kept) -> kept.bytes())
          .executor(Runnable::run)
          .build();

  public RoomSummaries(RoomQueries rooms) {
    this.rooms = rooms;
  }

  /// A room's members at one moment.
  ///
  /// @param heroes empty when the room has a name or an alias, or the user is alone with nobody
  ///   before
  public record Summary(MemberCounts counts, List<UserId> heroes) {}

  /// A state of a room, which many positions have in common.
  private record State(RoomId room, long snapshot) {}

  /// What is told of the members of one state. It is found by a look at every member, once a state:
  /// not once a message, nor once a user.
  private record Members(MemberCounts counts, Heroes heroes) {
    int bytes() {
      return MEMBERS_BYTES + USER_BYTES * (heroes.present().size() + heroes.past().size());
    }
  }

  /// The room's summary for that user at that position.
  public Summary summary(RoomId room, UserId user, LogPosition upTo) {
    Optional<RoomState> state = rooms.stateAt(room, upTo);
    if (state.isEmpty()) {
      return new Summary(new MemberCounts(0, 0), List.of());
    }
    Optional<RoomSummary> now = rooms.room(room).filter(each -> !each.last().isAfter(upTo));
    boolean named = isNamed(state.get());
    if (named && now.isPresent()) {
      return new Summary(now.get().counts(), List.of());
    }
    Members all = members.get(new State(room, state.get().snapshot()), _ -> members(room, upTo));
    return new Summary(all.counts(), named ? List.of() : all.heroes().of(user));
  }

  /// "Required if the room's `m.room.name` or `m.room.canonical_alias` state events are unset or
  /// empty."
  private static boolean isNamed(RoomState state) {
    return hasText(state, EventTypes.NAME, "name")
        || hasText(state, EventTypes.CANONICAL_ALIAS, "alias");
  }

  private static boolean hasText(RoomState state, String type, String field) {
    return state
        .event(type)
        .map(event -> event.pdu().content().path(field).asText())
        .filter(text -> !text.isEmpty())
        .isPresent();
  }

  private Members members(RoomId room, LogPosition upTo) {
    List<RoomMembership> all = all(room, upTo);
    return new Members(
        new MemberCounts(count(all, Membership.JOIN), count(all, Membership.INVITE)),
        Heroes.among(all));
  }

  private static int count(List<RoomMembership> members, Membership kind) {
    return (int) members.stream().filter(each -> each.membership() == kind).count();
  }

  /// All who ever had a membership, as it was at that position.
  private List<RoomMembership> all(RoomId room, LogPosition upTo) {
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
