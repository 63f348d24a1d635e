package org.hearth.server.servers.room.state;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.store.ReadPool;

/// What events of one room refer to that is not here, or not as they need it; so that it is put to
/// use when it comes.
///
/// **bound**: thirty for each event that is stored, as an event cites twenty previous and ten auth
/// events at most; [#MOST_BY] for one event and purpose.
///
/// **thread**: the room's shard.
public final class Wants {
  private static final String OF_ROOM =
      "SELECT event_id, kind, wanted_by FROM room_want WHERE room_nid = ?";

  /// So many events may want one event for one purpose, since a peer decides how many events cite
  /// one that it keeps back. Those beyond are not judged again when it comes.
  private static final int MOST_BY = 1_000;

  /// For what an event is wanted.
  public enum Kind {
    /// As a previous event: an event after it is here, so it becomes no forward extremity.
    PREVIOUS(1),
    /// As an auth event of one that was rejected for want of it, which is to be judged again.
    AUTH(2),
    /// As the target of a redaction.
    REDACTED(3),
    /// As a previous event, though it is here and rejected: should it be accepted after all, it
    /// becomes no forward extremity either.
    FOLLOWED(4);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }

    private static Kind of(int code) {
      for (Kind each : values()) {
        if (each.code == code) {
          return each;
        }
      }
      throw new IllegalArgumentException("there is no want of kind " + code);
    }
  }

  private final Map<EventId, Map<Kind, List<EventRef>>> wanted = new HashMap<>();
  private int size;

  /// Those of a room whose decisions are all committed.
  public static Wants load(ReadPool reads, long room) {
    return reads.read(connection -> {
      Wants wants = new Wants();
      try (PreparedStatement statement = connection.prepareStatement(OF_ROOM)) {
        statement.setLong(1, room);
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            wants.add(
                EventId.parse(rows.getString(1)),
                Kind.of(rows.getInt(2)),
                EventRef.at(rows.getLong(3), (Membership) null));
          }
        }
      }
      return wants;
    });
  }

  /// The same wants, which change by themselves.
  public Wants copy() {
    Wants copy = new Wants();
    wanted.forEach((id, kinds) -> {
      Map<Kind, List<EventRef>> copied = new EnumMap<>(Kind.class);
      kinds.forEach((kind, by) -> copied.put(kind, new ArrayList<>(by)));
      copy.wanted.put(id, copied);
    });
    copy.size = size;
    return copy;
  }

  /// How many events are wanted, each counted once for each that wants it.
  public int size() {
    return size;
  }

  /// Notes a want.
  ///
  /// @return false if it was noted before, or if [#MOST_BY] events want the same
  public boolean add(EventId id, Kind kind, EventRef by) {
    List<EventRef> those =
        wanted
            .computeIfAbsent(id, _ -> new EnumMap<>(Kind.class))
            .computeIfAbsent(kind, _ -> new ArrayList<>());
    if (those.size() == MOST_BY || those.stream().anyMatch(each -> EventRef.same(each, by))) {
      return false;
    }
    size++;
    return those.add(by);
  }

  /// The events that want this one for that purpose; they want it no more.
  public List<EventRef> take(EventId id, Kind kind) {
    Map<Kind, List<EventRef>> kinds = wanted.get(id);
    if (kinds == null) {
      return List.of();
    }
    List<EventRef> those = kinds.remove(kind);
    if (kinds.isEmpty()) {
      wanted.remove(id);
    }
    if (those == null) {
      return List.of();
    }
    size -= those.size();
    return those;
  }

  public boolean has(EventId id, Kind kind) {
    return wanted.getOrDefault(id, Map.of()).containsKey(kind);
  }

  /// All events that are wanted for whatever.
  public Set<EventId> events() {
    return Set.copyOf(wanted.keySet());
  }
}
