package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Finds the thread of an event.
///
/// **thread**: any.
final class Threads {
  private static final String THREAD = "m.thread";

  /// "a maximum of 3 hops is recommended to cover indirect relationships".
  private static final int MOST_HOPS = 3;

  private final RoomQueries rooms;

  Threads(RoomQueries rooms) {
    this.rooms = rooms;
  }

  /// The id of the root of the thread that the event is in, or [ReceiptOutput#MAIN].
  ///
  /// "An event is considered to be 'in a thread' if: it has a `rel_type` of `m.thread`, or
  /// following the event relationships, it has a parent event which references the thread root with
  /// a `rel_type` of `m.thread`."
  String of(Pdu event) {
    Pdu at = event;
    for (int hops = 0; hops <= MOST_HOPS; hops++) {
      JsonNode relation = at.content().path("m.relates_to");
      Optional<EventId> parent =
          Identifiers.read(EventId::parse, relation.path("event_id").asText());
      if (parent.isEmpty() || !relation.path("rel_type").isTextual()) {
        return ReceiptOutput.MAIN;
      }
      if (relation.path("rel_type").textValue().equals(THREAD)) {
        return parent.get().value();
      }
      Optional<Pdu> next =
          parent
              .flatMap(rooms::event)
              .filter(each -> each.room().equals(event.roomId()))
              .map(RoomEvent::pdu);
      if (next.isEmpty()) {
        return ReceiptOutput.MAIN;
      }
      at = next.get();
    }
    return ReceiptOutput.MAIN;
  }
}
