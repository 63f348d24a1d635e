package org.hearth.server.readers.userdirectory;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.Unavailable;

/// Whom a user may find: "users that share a room with the requesting user", and those who are in a
/// room that is open to all, by its join rule or its history visibility. Oneself one finds as
/// others do who are in none of one's rooms.
///
/// **Thread:** one request's.
final class Acquaintance {
  private static final System.Logger LOG = System.getLogger(Acquaintance.class.getName());

  /// So many rooms that are not the user's are looked at for one search; a person of whose rooms
  /// none was looked at is not found.
  private static final int MOST_ROOMS = 500;

  /// So many people are looked at for one search.
  private static final int MOST_USERS = 1_000;

  private final RoomQueries rooms;
  private final PeerQueries peers;
  private final UserId user;
  private final Set<RoomId> own = new HashSet<>();
  private final Map<RoomId, Boolean> open = new HashMap<>();

  /// Those who were found.
  ///
  /// @param limited whether there may be more
  record Found(List<Named> users, boolean limited) {
    Found {
      users = List.copyOf(users);
    }
  }

  /// @param peers says in which rooms this server is
  Acquaintance(RoomQueries rooms, PeerQueries peers, UserId user) {
    this.rooms = rooms;
    this.peers = peers;
    this.user = user;
    rooms.roomsOf(user, Set.of(Membership.JOIN)).stream()
        .map(RoomMembership::room)
        .forEach(own::add);
  }

  /// The first of them that the user may find.
  Found firstKnown(List<Named> users, int limit) {
    List<Named> found = new ArrayList<>();
    int looked = Math.min(users.size(), MOST_USERS);
    for (int from = 0; from < looked; from += RoomQueries.MOST_USERS) {
      List<Named> some = users.subList(from, Math.min(looked, from + RoomQueries.MOST_USERS));
      Map<UserId, Set<RoomId>> joined = joined(some);
      for (Named each : some) {
        if (isKnown(each.user(), joined.getOrDefault(each.user(), Set.of()))) {
          if (found.size() == limit) {
            return new Found(found, true);
          }
          found.add(each);
        }
      }
    }
    return new Found(found, looked < users.size() || open.size() >= MOST_ROOMS);
  }

  private Map<UserId, Set<RoomId>> joined(List<Named> users) {
    Map<UserId, Set<RoomId>> joined = new HashMap<>();
    rooms
        .joinedRooms(users.stream().map(Named::user).toList())
        .forEach((room, those) ->
            those.forEach(each -> joined.computeIfAbsent(each, _ -> new HashSet<>()).add(room)));
    return joined;
  }

  private boolean isKnown(UserId other, Set<RoomId> theirs) {
    boolean shared = !other.equals(user) && theirs.stream().anyMatch(own::contains);
    return shared || theirs.stream().anyMatch(this::isOpen);
  }

  private boolean isOpen(RoomId room) {
    Boolean known = open.get(room);
    if (known == null && open.size() < MOST_ROOMS) {
      known = look(room);
      open.put(room, known);
    }
    return Boolean.TRUE.equals(known);
  }

  /// A room that cannot be read keeps nobody from the others.
  private boolean look(RoomId room) {
    try {
      if (!peers.servers(room).contains(user.server())) {
        // All of this server have left it: what is known of it is long past, and nobody here may
        // know who is there now.
        return false;
      }
      boolean anybodyMayJoin =
          rooms
              .currentState(room)
              .flatMap(state -> state.event(EventTypes.JOIN_RULES))
              .filter(event -> event.pdu().content().path("join_rule").asText().equals("public"))
              .isPresent();
      return anybodyMayJoin || rooms.isWorldReadable(room);
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      LOG.log(
          Level.WARNING, "nobody is found by being in %s: it cannot be read".formatted(room), e);
      return false;
    }
  }
}
