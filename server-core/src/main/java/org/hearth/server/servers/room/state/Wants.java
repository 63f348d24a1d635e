package org.hearth.server.servers.room.state;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.store.ReadPool;

/// What one event is wanted for that is not here, or not as others need it; so that it is put to
/// use when it comes.
///
/// **bound**: [#MOST_BY] events want it for one purpose. Of a room there is, of redactions of
/// events that are not here, [#MOST_REDACTIONS] by those who may redact whatever others have sent,
/// and as many by all others, of one site [#MOST_OF_SITE]: the oldest go. Of all else an event that
/// is stored wants as many as it cites, twenty previous and ten auth events at most.
///
/// **thread**: the room's shard.
public final class Wants {
  /// So many events may want one event for one purpose, since a peer decides how many events cite
  /// one that it keeps back. Those beyond are not judged again when it comes.
  private static final int MOST_BY = 1_000;

  public static final int MOST_REDACTIONS = 5_000;
  public static final int MOST_OF_SITE = 1_000;

  /// Whose share a redaction is of that will take effect, whoever has sent the event.
  public static final String OF_MODERATORS = "*";

  /// In the place of whose share a want is of that is no redaction.
  public static final String OF_NOBODY = "";

  // One event a statement: for several Derby would read all wants of the room.
  private static final String OF_EVENT =
      "SELECT kind, wanted_by, share FROM room_want"
          + " --DERBY-PROPERTIES constraint=room_want_pk\n"
          + " WHERE room_nid = ? AND event_id = ?";
  private static final String OF_KIND =
      "SELECT event_id FROM room_want --DERBY-PROPERTIES index=room_want_by_kind\n"
          + " WHERE room_nid = ? AND kind = ? ORDER BY wanted_by DESC FETCH FIRST ? ROWS ONLY";

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

  /// @param share whose it counts for
  private record Want(EventRef by, String share) {}

  private final Map<Kind, List<Want>> wants = new EnumMap<>(Kind.class);

  /// What events of a room are wanted for, as far as it is committed: those that are.
  public static Map<EventId, Wants> load(ReadPool reads, long room, Collection<EventId> ids) {
    return reads.read(connection -> {
      Map<EventId, Wants> found = new HashMap<>();
      try (PreparedStatement statement = connection.prepareStatement(OF_EVENT)) {
        statement.setLong(1, room);
        for (EventId id : ids) {
          statement.setString(2, id.value());
          try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              found
                  .computeIfAbsent(id, _ -> new Wants())
                  .put(
                      Kind.of(rows.getInt(1)),
                      new Want(EventRef.at(rows.getLong(2), (Membership) null), rows.getString(3)));
            }
          }
        }
      }
      return found;
    });
  }

  /// The events of a room that are wanted for that purpose, those first that were last referred to.
  ///
  /// @param most so many are read
  public static Set<EventId> events(ReadPool reads, long room, Kind kind, int most) {
    return reads.read(connection -> {
      Set<EventId> events = new LinkedHashSet<>();
      try (PreparedStatement statement = connection.prepareStatement(OF_KIND)) {
        statement.setLong(1, room);
        statement.setInt(2, kind.code());
        statement.setInt(3, most);
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            events.add(EventId.parse(rows.getString(1)));
          }
        }
      }
      return events;
    });
  }

  /// The same wants, which change by themselves.
  public Wants copy() {
    Wants copy = new Wants();
    wants.forEach((kind, those) -> copy.wants.put(kind, new ArrayList<>(those)));
    return copy;
  }

  private void put(Kind kind, Want want) {
    wants.computeIfAbsent(kind, _ -> new ArrayList<>()).add(want);
  }

  /// Notes a want.
  ///
  /// @return false if that changes nothing, or if [#MOST_BY] events want the same
  public boolean add(Kind kind, EventRef by, String share) {
    List<Want> those = wants.getOrDefault(kind, List.of());
    boolean isNew =
        switch (kind) {
          case PREVIOUS, FOLLOWED -> those.isEmpty();
          case AUTH -> those.size() < MOST_BY && !hasBy(those, by);
          case REDACTED ->
              share.equals(OF_MODERATORS)
                  ? those.stream().noneMatch(each -> each.share().equals(OF_MODERATORS))
                      && !hasBy(those, by)
                  : those.size() < MOST_BY && !hasBy(those, by);
        };
    if (isNew) {
      put(kind, new Want(by, share));
    }
    return isNew;
  }

  private static boolean hasBy(List<Want> those, EventRef by) {
    return those.stream().anyMatch(each -> EventRef.same(each.by(), by));
  }

  /// The events that want this one for that purpose; they want it no more.
  public List<EventRef> take(Kind kind) {
    List<Want> those = wants.remove(kind);
    return those == null ? List.of() : those.stream().map(Want::by).toList();
  }

  public boolean has(Kind kind) {
    return wants.containsKey(kind);
  }
}
