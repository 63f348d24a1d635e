package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.servers.room.RelationKind;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Keeps threads from being started off what relates to another event.
///
/// **thread**: any.
///
/// **source**: [Validation of `m.thread`
/// relationships](https://spec.matrix.org/v1.19/client-server-api/#validation-of-mthread-relationships)
///
/// @param rooms asked
record ThreadRoots(RoomQueries rooms) {
  private static final String RELATES_TO = "m.relates_to";
  private static final String REL_TYPE = "rel_type";

  /// "If the client attempts to target an event which itself has an `m.relates_to` property, then
  /// it should receive a HTTP 400 error response": of one "with a `rel_type` property", for a rich
  /// reply is no child of an event relationship.
  ///
  /// @throws MatrixException `M_UNKNOWN`
  void check(EventDraft draft) {
    JsonNode relation = draft.content().path(RELATES_TO);
    if (!relation.path(REL_TYPE).asText().equals(RelationKind.THREAD.relType())) {
      return;
    }
    Optional<RoomEvent> root =
        Identifiers.read(EventId::parse, relation.path("event_id").asText())
            .flatMap(rooms::event)
            .filter(each -> each.room().equals(draft.roomId()))
            .filter(each -> rooms.maySee(draft.sender(), each));
    if (root.filter(ThreadRoots::relatesToAnother).isPresent()) {
      throw new MatrixException(
          400, Errcode.UNKNOWN, "A thread cannot be started off an event that relates to another");
    }
  }

  private static boolean relatesToAnother(RoomEvent event) {
    return event.pdu().content().path(RELATES_TO).path(REL_TYPE).isTextual();
  }
}
