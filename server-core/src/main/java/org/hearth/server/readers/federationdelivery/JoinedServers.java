package org.hearth.server.readers.federationdelivery;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;

/// Which servers are in a room, as of where the reader of room-output is: how many users of each
/// are joined.
///
/// The rooms' own answers are of now, which may be later: who has joined since must not be sent
/// what was said before, and who has left since has still to be sent it. So a room is read once, as
/// of the reader's position, and then follows the entries.
///
/// An entry says which membership there was before the event on the event's own branch of the
/// room's history. Of two branches both may end the same membership, or begin it, and it counts
/// once: so what each user was before is known here, by the entries since the room was read, and
/// for all others as of then. Of those whose membership a batch changes that is found in one look a
/// room.
///
/// **bound**: [#MOST_SERVERS] servers, and users whose membership has changed, of all rooms
/// together; the room that was not asked about for longest goes. A room in which more than
/// [#MOST_CHANGED] have changed is read again. **thread**: the log's for this reader.
final class JoinedServers {
  static final int MOST_SERVERS = 200_000;

  /// Users of one room whose membership has changed since it was read.
  static final int MOST_CHANGED = 1_000;

  /// How often the state may become another while it is read.
  private static final int MOST_READS = 10;

  private final RoomQueries rooms;
  private final int most;
  private final int mostChanged;
  private final Map<RoomId, Known> known = new LinkedHashMap<>(16, 0.75f, true);

  /// Whose membership the batch still changes.
  private final Map<RoomId, Set<UserId>> coming = new HashMap<>();

  private long size;

  /// A room.
  private static final class Known {
    private final LogPosition readAt;
    private final Map<ServerName, Integer> counts;

    /// Whether they are joined whose membership has changed since.
    private final Map<UserId, Boolean> changed = new HashMap<>();

    Known(LogPosition readAt, Map<ServerName, Integer> counts) {
      this.readAt = readAt;
      this.counts = counts;
    }

    int size() {
      return counts.size() + changed.size();
    }

    void count(ServerName server, int more) {
      var _ =
          counts.merge(
              server, more, (one, other) -> one + other <= 0 ? null : Integer.valueOf(one + other));
    }
  }

  JoinedServers(RoomQueries rooms) {
    this(rooms, MOST_SERVERS, MOST_CHANGED);
  }

  /// @param most servers of all rooms together
  /// @param mostChanged users of one room
  JoinedServers(RoomQueries rooms, int most, int mostChanged) {
    this.rooms = rooms;
    this.most = most;
    this.mostChanged = mostChanged;
  }

  /// The servers whose users were joined before the entry at that position, which is the next one.
  Set<ServerName> before(RoomId room, LogPosition at) {
    Known already = known.get(room);
    if (already != null) {
      return Set.copyOf(already.counts.keySet());
    }
    LogPosition before = new LogPosition(at.value() - 1);
    Optional<Map<ServerName, Integer>> read = read(room, before);
    if (read.isEmpty()) {
      // The room begins with this entry, perhaps with many who are told of in no entry: a user of
      // this server has joined a room that is elsewhere. It is read at the next one.
      return Set.of();
    }
    Known now = new Known(before, read.get());
    known.put(room, now);
    size += now.size();
    shrink(room);
    return Set.copyOf(now.counts.keySet());
  }

  private void shrink(RoomId but) {
    Iterator<Map.Entry<RoomId, Known>> each = known.entrySet().iterator();
    while (size > most && each.hasNext()) {
      Map.Entry<RoomId, Known> oldest = each.next();
      if (!oldest.getKey().equals(but)) {
        size -= oldest.getValue().size();
        each.remove();
      }
    }
  }

  /// These entries are taken next.
  void expect(List<Positioned<RoomOutput>> batch) {
    coming.clear();
    for (Positioned<RoomOutput> each : batch) {
      Set<UserId> users = joins(each.entry()).keySet();
      if (!users.isEmpty()) {
        var _ =
            coming.computeIfAbsent(each.entry().room(), _ -> new LinkedHashSet<>()).addAll(users);
      }
    }
  }

  /// Goes on after an entry.
  void take(RoomOutput entry) {
    Map<UserId, Boolean> now = joins(entry);
    Set<UserId> next = coming.getOrDefault(entry.room(), new HashSet<>());
    now.keySet().forEach(next::remove);
    Known room = known.get(entry.room());
    if (room == null || now.isEmpty()) {
      return;
    }
    size -= room.size();
    if (!findBefore(entry.room(), room, now.keySet(), next)) {
      known.remove(entry.room());
      return;
    }
    now.forEach((user, joined) -> {
      if (!joined.equals(room.changed.put(user, joined))) {
        room.count(user.server(), joined ? 1 : -1);
      }
    });
    size += room.size();
    shrink(entry.room());
  }

  /// Who is joined from that entry on, and who is not.
  private static Map<UserId, Boolean> joins(RoomOutput entry) {
    if (entry instanceof RoomOutput.OutsideMember) {
      return Map.of();
    }
    Map<UserId, Boolean> joins = new HashMap<>();
    for (RoomOutput.Member each : entry.members()) {
      each.id().ifPresent(user -> joins.put(user, each.membership() == Membership.JOIN));
    }
    return joins;
  }

  /// Forgets all: something went wrong on the way.
  void forget() {
    known.clear();
    coming.clear();
    size = 0;
  }

  /// Finds of these users whether they were joined when the room was read, where that is not known,
  /// and in the same look of those who come next, as many as may be remembered.
  ///
  /// @return false if these are more
  private boolean findBefore(RoomId id, Known room, Set<UserId> users, Set<UserId> next) {
    Set<UserId> unknown = new HashSet<>(users);
    unknown.removeAll(room.changed.keySet());
    if (unknown.isEmpty()) {
      return true;
    }
    int more = mostChanged - room.changed.size() - unknown.size();
    if (more < 0) {
      return false;
    }
    next.stream().filter(each -> !room.changed.containsKey(each)).limit(more).forEach(unknown::add);
    Set<UserId> joined =
        rooms.stateAt(id, room.readAt).map(then -> then.joined(unknown)).orElse(Set.of());
    unknown.forEach(each -> room.changed.put(each, joined.contains(each)));
    return true;
  }

  private Optional<Map<ServerName, Integer>> read(RoomId room, LogPosition at) {
    for (int i = 0; i < MOST_READS; i++) {
      Optional<RoomState> now = rooms.currentState(room);
      Set<UserId> joined = rooms.joinedUsers(room);
      Optional<RoomState> then = rooms.stateAt(room, at);
      Optional<RoomState> after = rooms.currentState(room);
      if (now.isEmpty() || then.isEmpty() || after.isEmpty()) {
        return Optional.empty();
      }
      if (now.get().snapshot() == after.get().snapshot()) {
        return Optional.of(count(joinedThen(joined, now.get(), then.get())));
      }
    }
    // It changes faster than that can be read, perhaps because somebody wants just that: each
    // membership is read then, which takes longer, and whatever happens meanwhile.
    return rooms.stateAt(room, at).map(JoinedServers::readAll);
  }

  private static Map<ServerName, Integer> readAll(RoomState then) {
    return count(then.joined(users(then.positions().keySet())));
  }

  private static Set<UserId> joinedThen(Set<UserId> joined, RoomState now, RoomState then) {
    if (now.snapshot() == then.snapshot()) {
      return joined;
    }
    Set<UserId> changed = users(now.changedSince(then).keySet());
    changed.addAll(users(then.changedSince(now).keySet()));
    Set<UserId> all = new HashSet<>(joined);
    all.removeAll(changed);
    all.addAll(then.joined(changed));
    return all;
  }

  private static Set<UserId> users(Set<StateKey> keys) {
    Set<UserId> users = new HashSet<>();
    for (StateKey each : keys) {
      if (each.type().equals(EventTypes.MEMBER)) {
        Identifiers.read(UserId::parse, each.stateKey()).ifPresent(users::add);
      }
    }
    return users;
  }

  private static Map<ServerName, Integer> count(Set<UserId> joined) {
    Map<ServerName, Integer> counts = new HashMap<>();
    joined.forEach(each -> counts.merge(each.server(), 1, Integer::sum));
    return counts;
  }
}
