package org.hearth.server.servers.room.receive;

import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.jspecify.annotations.Nullable;

/// The large rooms that are coming in parts, before users of this server join them. With each part
/// the room's current state grows towards the state before the join.
///
/// Of two joins of one room the one that has begun last goes on: residents may give each another
/// state, and half of both is none.
///
/// What the state says of users of this server waits for the end: what others say of a room in
/// which none of them is brings none of them back.
///
/// **bound**: [#MOST] rooms; of each a bit for each state key, and the members who are users of
/// this server.
///
/// **thread**: the shard's.
final class JoinInParts {
  /// Rooms at a time; of more, the one that came longest ago has come in vain. Whoever joins takes
  /// one large room after the other.
  private static final int MOST = 4;

  private final Map<RoomId, Joining> joining = new LinkedHashMap<>(16, 0.75f, true);

  /// What has come of a room.
  static final class Joining {
    private final EventId join;
    private final BitSet keys = new BitSet();
    private final Map<Integer, EventRef> ofOurUsers = new HashMap<>();

    private Joining(EventId join) {
      this.join = join;
    }

    /// Notes what is in the state.
    ///
    /// @param state ids of events that are here
    /// @return what changes in the current state
    NavigableMap<Integer, Optional<EventRef>> grow(
        Set<EventId> state, RoomHistory history, ServerName here) {
      StateSnapshot current = history.view().state();
      TreeMap<Integer, Optional<EventRef>> changes = new TreeMap<>();
      for (EventId id : state) {
        GraphEvent event = history.find(id);
        if (event == null
            || event.room() != history.view().info().number()
            || event.standing().isRejected()
            || !event.event().isState()) {
          continue;
        }
        StateKey pair = event.event().stateKeyPair().orElseThrow();
        int key = history.decision().keyNumber(pair);
        keys.set(key);
        if (Members.userOf(pair).filter(user -> user.isOn(here)).isPresent()) {
          ofOurUsers.put(key, event.ref());
        } else if (!EventRef.same(current.get(key), event.ref())) {
          changes.put(key, Optional.of(event.ref()));
        }
      }
      return changes;
    }

    /// The state before the join: what has come, and nothing that was there before and has not.
    StateSnapshot state(RoomHistory history, StateResolver resolver) {
      StateSnapshot current = history.view().state();
      TreeMap<Integer, Optional<EventRef>> changes = new TreeMap<>();
      for (int key = 0; key < current.keyLimit(); key++) {
        if (current.get(key) != null && !keys.get(key)) {
          changes.put(key, Optional.empty());
        }
      }
      ofOurUsers.forEach((key, ref) -> {
        if (!EventRef.same(current.get(key), ref)) {
          changes.put(key, Optional.of(ref));
        }
      });
      return resolver.made(current, changes);
    }
  }

  /// What has come for the join that the part is of; empty if its first part has not, or another
  /// join has begun since then.
  Optional<Joining> begin(RoomInput.ReceiveRoom part) {
    EventId join = part.join();
    if (part.isFirst() && join != null) {
      joining.put(part.room(), new Joining(join));
      if (joining.size() > MOST) {
        joining.remove(joining.keySet().iterator().next());
      }
    }
    return find(part.room(), join);
  }

  /// What has come for a join.
  Optional<Joining> find(RoomId room, @Nullable EventId join) {
    return Optional.ofNullable(joining.get(room)).filter(each -> each.join.equals(join));
  }

  /// No more comes for that join.
  void end(RoomId room, @Nullable EventId join) {
    if (find(room, join).isPresent()) {
      joining.remove(room);
    }
  }

  void clear() {
    joining.clear();
  }
}
