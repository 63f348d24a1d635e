package org.hearth.server.readers.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.servers.room.Aggregate;
import org.hearth.server.servers.room.RelationKind;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Finds the newest edit of a message.
///
/// **Source:** [event replacements][edits].
///
/// [edits]: https://spec.matrix.org/v1.19/client-server-api/#event-replacements
///
/// @param rooms asked
record Edits(RoomQueries rooms) {
  private static final String REPLACE = RelationKind.REPLACEMENT.relType();

  /// "The most recent event is determined by comparing `origin_server_ts`; if two or more
  /// replacement events have identical `origin_server_ts`, the event with the lexicographically
  /// largest `event_id` is treated as more recent."
  private static final Comparator<RoomEvent> AGE =
      Comparator.comparingLong((RoomEvent each) -> each.pdu().originServerTs())
          .thenComparing(each -> each.id().value());

  /// The message that an event says to edit.
  static Optional<EventId> target(Pdu event) {
    JsonNode relation = event.content().path("m.relates_to");
    boolean edits =
        event.type().equals(EventTypes.MESSAGE)
            && !event.isState()
            && relation.path("rel_type").asText().equals(REPLACE);
    return edits
        ? Identifiers.read(EventId::parse, relation.path("event_id").asText())
        : Optional.empty();
  }

  /// The edit whose text stands for the message's own: of those by the message's sender, which the
  /// Room Server keeps apart, so that what others say to edit it with is not looked at.
  Optional<RoomEvent> newest(RoomEvent message) {
    Aggregate related =
        rooms.aggregates(message.sender(), Set.of(), List.of(message)).get(message.id());
    return related == null
        ? Optional.empty()
        : related.replacements().stream()
            .flatMap(
                each -> ClientEvents.readable("at " + each, () -> rooms.eventAt(each)).stream())
            .filter(each -> isValid(each, message))
            .max(AGE);
  }

  /// "The original event and replacement event must have the same `room_id`", "must have the same
  /// `sender`", "must have the same `type`", "must not have a `state_key` property"; "the original
  /// event must not, itself, have a `rel_type` of `m.replace`", "the replacement event must have an
  /// `m.new_content` property".
  private static boolean isValid(RoomEvent edit, RoomEvent message) {
    return edit.redactedBecause() == null
        && edit.sender().equals(message.sender())
        && edit.room().equals(message.room())
        && edit.type().equals(message.type())
        && !edit.pdu().isState()
        && !message.pdu().isState()
        && target(message.pdu()).isEmpty()
        && text(edit.pdu()).isPresent();
  }

  /// What the edit says.
  static Optional<SearchText> text(Pdu edit) {
    return edit.content().get("m.new_content") instanceof ObjectNode content
        ? SearchText.ofMessage(content)
        : Optional.empty();
  }
}
