package org.hearth.server.admin;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.store.Unavailable;

/// Rooms as a person knows them.
///
/// **thread**: any.
final class RoomList {
  private static final Logger LOG = System.getLogger(RoomList.class.getName());

  private final RoomQueries rooms;
  private final AccountQueries accounts;
  private final Scan<RoomId, RoomId, RoomSummary> all;

  RoomList(RoomQueries rooms, AccountQueries accounts) {
    this.rooms = rooms;
    this.accounts = accounts;
    this.all =
        new Scan<>(
            (after, limit) -> rooms.roomIds(after.orElse(null), limit), id -> id, this::summary);
  }

  /// Those with a name, alias or id that contains the text, which is in lower case.
  Page<RoomSummary> page(String wanted, Optional<RoomId> after, int limit) {
    return all.page(after, limit, room -> matches(room, wanted));
  }

  /// What is to be looked at about rooms, newest first.
  List<Alert> alerts(int limit) {
    return rooms.alerts(limit).stream()
        .map(alert ->
            new Alert(
                alert.raised(),
                nameOf(alert.room()),
                alert.text() + ".",
                "Ask who moderates the room to look at its members and permissions, and to invite again who is missing."))
        .toList();
  }

  private String nameOf(RoomId room) {
    RoomSummary summary = summary(room);
    return summary.name().or(summary::canonicalAlias).orElse(summary.roomId());
  }

  /// What is told of a room. One that cannot be read is an error of that room only: it is told of
  /// too, and so are the others.
  private RoomSummary summary(RoomId room) {
    try {
      return read(rooms.room(room).orElseThrow());
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      LOG.log(Level.WARNING, room + " cannot be read", e);
      return RoomSummary.unreadable(room.value());
    }
  }

  private RoomSummary read(org.hearth.server.servers.room.RoomSummary room) {
    Optional<RoomState> state = rooms.currentState(room.id());
    return new RoomSummary(
        room.id().value(),
        text(state, "m.room.name", "name"),
        text(state, "m.room.canonical_alias", "alias"),
        room.version().id(),
        room.counts().joined(),
        rooms.joinedUsers(room.id()).stream().filter(accounts::exists).count(),
        state.flatMap(each -> each.event("m.room.encryption")).isPresent(),
        rooms.eventAt(room.last()).map(event -> Instant.ofEpochMilli(event.pdu().originServerTs())),
        true);
  }

  private static Optional<String> text(Optional<RoomState> state, String type, String field) {
    return state
        .flatMap(each -> each.event(type))
        .map(event -> event.pdu().content().path(field))
        .filter(JsonNode::isTextual)
        .map(JsonNode::asText)
        .filter(text -> !text.isBlank());
  }

  private static boolean matches(RoomSummary room, String wanted) {
    return wanted.isEmpty()
        || room.name().filter(name -> Admin.contains(name, wanted)).isPresent()
        || room.canonicalAlias().filter(alias -> Admin.contains(alias, wanted)).isPresent()
        || Admin.contains(room.roomId(), wanted);
  }
}
