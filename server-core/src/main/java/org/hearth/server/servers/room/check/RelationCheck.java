package org.hearth.server.servers.room.check;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.servers.room.Likeness;
import org.hearth.server.servers.room.RelationKind;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.Places;
import org.hearth.server.servers.room.state.Relation;
import org.hearth.server.servers.room.state.StoredEvents;
import org.jspecify.annotations.Nullable;

/// Checks the relations of one room against its events.
///
/// **thread**: one.
final class RelationCheck {
  private static final String RELATIONS =
      "SELECT relates_to, place, position, rel_type, kind FROM room_relation WHERE room_nid = ?";
  private static final String THREADS =
      "SELECT root, replies, latest, begun_by FROM room_thread WHERE room_nid = ?";

  private RelationCheck() {}

  /// What is wrong; empty if all is well.
  ///
  /// @param places the places of the room's events by position
  static List<String> problems(
      Connection connection, long room, StoredEvents events, Map<Long, Long> places)
      throws SQLException {
    List<String> problems = new ArrayList<>();
    Set<Long> related = new HashSet<>();
    Map<String, Replies> threads = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(RELATIONS)) {
      statement.setLong(1, room);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          long position = rows.getLong(3);
          if (places.getOrDefault(position, Places.NONE) != rows.getLong(2)
              || !related.add(position)) {
            problems.add("the relation of %d has a wrong place".formatted(position));
            continue;
          }
          if (rows.getInt(5) != RelationKind.of(rows.getString(4)).code()) {
            problems.add("the relation of %d has a wrong kind".formatted(position));
          }
          if (rows.getInt(5) == RelationKind.THREAD.code()) {
            threads.merge(rows.getString(1), new Replies(1, rows.getLong(2), null), Replies::with);
          }
          RoomEvent event = events.get(position).shown();
          Relation said = new Relation(rows.getString(4), rows.getString(1));
          Optional<Relation> says = Relation.of(event.pdu());
          if (event.redactedBecause() == null && !says.equals(Optional.of(said))) {
            problems.add("%s does not say that it relates to %s".formatted(event.id(), said));
          }
        }
      }
    }
    places.forEach((position, place) -> {
      if (place != Places.NONE
          && !related.contains(position)
          && Relation.of(events.get(position).shown().pdu()).isPresent()) {
        problems.add("the relation of %s is not kept".formatted(new LogPosition(position)));
      }
    });
    threads.replaceAll((root, replies) -> replies.begunBy(begunBy(room, root, events)));
    checkThreads(connection, room, threads, problems);
    return problems;
  }

  /// What is kept of a thread.
  ///
  /// @param latest the place of the latest reply
  /// @param begunBy of the sender of the root, if that is in the room
  private record Replies(long replies, long latest, @Nullable Long begunBy) {
    Replies with(Replies other) {
      return new Replies(replies + other.replies, Math.max(latest, other.latest), begunBy);
    }

    Replies begunBy(@Nullable Long likeness) {
      return new Replies(replies, latest, likeness);
    }
  }

  private static @Nullable Long begunBy(long room, String root, StoredEvents events) {
    return Identifiers.read(EventId::parse, root)
        .flatMap(events::position)
        .map(events::get)
        .filter(each -> each.room() == room && !each.shown().pdu().isState())
        .map(each -> (Long) Likeness.ofReply(each.shown().sender().value()))
        .orElse(null);
  }

  private static void checkThreads(
      Connection connection, long room, Map<String, Replies> threads, List<String> problems)
      throws SQLException {
    Map<String, Replies> kept = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(THREADS)) {
      statement.setLong(1, room);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          kept.put(
              rows.getString(1),
              new Replies(rows.getLong(2), rows.getLong(3), rows.getObject(4, Long.class)));
        }
      }
    }
    if (!kept.equals(threads)) {
      problems.add("the threads are %s and are kept as %s".formatted(threads, kept));
    }
  }
}
