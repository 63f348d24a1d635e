package org.hearth.server.servers.room;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputStore;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.store.ReadPool;

/// The entries of room-output, made again from the tables.
///
/// An event that was redacted since is read in its redacted form: a reader that comes late is never
/// given what is no longer to be shown.
final class RoomOutputStore implements OutputStore<RoomOutput> {
  private static final String POSITIONS =
      "SELECT position FROM room_event WHERE position > ? AND position <= ?"
          + " ORDER BY position FETCH FIRST ? ROWS ONLY";
  private static final String REDACTED_BY = "SELECT redacted_by FROM room_event WHERE position = ?";

  private final ReadPool reads;
  private final StoredEvents events;

  RoomOutputStore(ReadPool reads, StoredEvents events) {
    this.reads = reads;
    this.events = events;
  }

  @Override
  public List<Positioned<RoomOutput>> read(LogPosition after, LogPosition upTo, int limit) {
    List<Long> positions =
        reads.read(connection -> {
          try (PreparedStatement statement = connection.prepareStatement(POSITIONS)) {
            statement.setLong(1, after.value());
            statement.setLong(2, upTo.value());
            statement.setInt(3, limit);
            try (ResultSet rows = statement.executeQuery()) {
              List<Long> found = new ArrayList<>();
              while (rows.next()) {
                found.add(rows.getLong(1));
              }
              return found;
            }
          }
        });
    List<Positioned<RoomOutput>> entries = new ArrayList<>(positions.size());
    for (StoredEvents.Stored event : events.get(positions)) {
      entries.add(new Positioned<>(event.shown().position(), entry(event.shown())));
    }
    return entries;
  }

  private RoomOutput entry(RoomEvent event) {
    Pdu pdu = event.pdu();
    LogPosition replaced = event.replaces();
    Pdu replaces = replaced == null ? null : events.get(replaced.value()).shown().pdu();
    Membership previous = null;
    if (pdu.isMember()) {
      previous =
          replaces == null ? Membership.LEAVE : Membership.of(replaces).orElse(Membership.LEAVE);
    }
    return new RoomOutput.EventAdded(
        pdu,
        event.transaction(),
        replaces,
        previous,
        pdu.redacts().filter(_ -> tookEffect(event)).orElse(null));
  }

  private boolean tookEffect(RoomEvent redaction) {
    return redaction
        .pdu()
        .redacts()
        .flatMap(events::position)
        .filter(target -> redactedBy(target) == redaction.position().value())
        .isPresent();
  }

  private long redactedBy(long target) {
    return reads.read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(REDACTED_BY)) {
        statement.setLong(1, target);
        try (ResultSet rows = statement.executeQuery()) {
          return rows.next() ? rows.getLong(1) : 0L;
        }
      }
    });
  }
}
