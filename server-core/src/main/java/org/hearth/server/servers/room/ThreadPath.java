package org.hearth.server.servers.room;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;

/// The way from an event along its relations to the root of the thread that it is in.
///
/// "An event is considered to be 'in a thread' if: it has a `rel_type` of `m.thread`, or following
/// the event relationships, it has a parent event which references the thread root with a `rel_type`
/// of `m.thread`."
///
/// **source**: [receipts of threads][threaded].
///
/// [threaded]: https://spec.matrix.org/v1.19/client-server-api/#threaded-read-receipts
///
/// @param passed the events on the way, from the event itself on; no root that is referred to as one
/// @param root of the thread; empty if the event is in none
public record ThreadPath(List<EventId> passed, Optional<EventId> root) {
  private static final String THREAD = "m.thread";

  /// "Implementations should not recurse infinitely, though: a maximum of 3 hops is recommended to
  /// cover indirect relationships."
  private static final int MOST_HOPS = 3;

  public ThreadPath {
    passed = List.copyOf(passed);
  }

  /// Goes that way; it stays in the event's room.
  public static ThreadPath of(RoomQueries rooms, Pdu event) {
    List<EventId> passed = new ArrayList<>();
    Optional<Pdu> at = Optional.of(event);
    for (int hops = 0; hops <= MOST_HOPS && at.isPresent(); hops++) {
      passed.add(at.get().eventId());
      JsonNode relation = at.get().content().path("m.relates_to");
      Optional<EventId> parent =
          relation.path("rel_type").isTextual()
              ? Identifiers.read(EventId::parse, relation.path("event_id").asText())
              : Optional.empty();
      if (parent.isPresent() && relation.path("rel_type").textValue().equals(THREAD)) {
        return new ThreadPath(passed, parent);
      }
      at =
          parent
              .flatMap(rooms::event)
              .filter(each -> each.room().equals(event.roomId()))
              .map(RoomEvent::pdu);
    }
    at.map(Pdu::eventId).ifPresent(passed::add);
    return new ThreadPath(passed, Optional.empty());
  }
}
