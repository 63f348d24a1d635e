package org.hearth.server.writers.federationbackfill;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.Stretch;

/// Which servers are asked for a room's history: those that are in the room and are not left alone
/// because they could not be reached; of these first those that were in it already where what is
/// here begins, then those of the most powerful users, then of those who came first. "A good
/// heuristic for which servers to try first is to sort by servers that have been in the room the
/// longest because they're most likely to have anything we ask about."
///
/// **thread**: any.
final class HistoryServers {
  private final ServerName here;
  private final RoomQueries rooms;
  private final PeerQueries peers;
  private final Supplier<Set<ServerName>> failing;

  /// What speaks for a server.
  ///
  /// @param wasThere whether it was in the room where what is here begins
  /// @param power of its most powerful user
  /// @param since the position of its first member
  private record Claim(ServerName server, boolean wasThere, long power, LogPosition since) {
    Claim and(Claim other) {
      return new Claim(
          server,
          wasThere || other.wasThere,
          Math.max(power, other.power),
          since.isAfter(other.since) ? other.since : since);
    }
  }

  /// @param failing the servers that cannot be reached now
  HistoryServers(
      ServerName here, RoomQueries rooms, PeerQueries peers, Supplier<Set<ServerName>> failing) {
    this.here = here;
    this.rooms = rooms;
    this.peers = peers;
    this.failing = failing;
  }

  /// The best, first; not more than that.
  List<ServerName> best(RoomId room, int most) {
    Optional<RoomState> beginning = beginning(room).map(rooms::stateBefore);
    Optional<PowerLevels> levels = rooms.powerLevels(room);
    Map<ServerName, Claim> claims = new HashMap<>();
    for (RoomMembership each : rooms.members(room, Set.of(Membership.JOIN))) {
      ServerName server = each.user().server();
      if (!server.equals(here)) {
        Claim claim =
            new Claim(
                server,
                beginning.filter(state -> was(state, each)).isPresent(),
                levels.map(power -> power.userLevel(each.user())).orElse(0L),
                each.position());
        claims.merge(server, claim, Claim::and);
      }
    }
    Set<ServerName> unreachable = failing.get();
    return claims.values().stream()
        .filter(each -> peers.isAllowed(room, each.server()))
        .sorted(
            Comparator.comparing((Claim each) -> unreachable.contains(each.server()))
                .thenComparing(each -> !each.wasThere())
                .thenComparing(Comparator.comparingLong(Claim::power).reversed())
                .thenComparing(Claim::since)
                .thenComparing(Claim::server))
        .limit(most)
        .map(Claim::server)
        .toList();
  }

  /// Whether the user was joined then by the same event as now.
  private static boolean was(RoomState beginning, RoomMembership now) {
    return beginning
        .position(StateKey.member(now.user().value()))
        .filter(now.position()::equals)
        .isPresent();
  }

  /// The oldest event that is here.
  private Optional<RoomEvent> beginning(RoomId room) {
    Stretch.Size one = new Stretch.Size(1, 1);
    Stretch history = rooms.readable(room, new Stretch.Reach(false, Long.MIN_VALUE, -1), one);
    return (history.events().isEmpty()
            ? rooms.readable(room, new Stretch.Reach(false, 0, Long.MAX_VALUE), one)
            : history)
        .events().stream().findFirst();
  }
}
