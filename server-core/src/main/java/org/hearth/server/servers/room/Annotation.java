package org.hearth.server.servers.room;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.UserId;

/// That a user annotates an event, and how. Two events with equal annotations are duplicates.
///
/// **source**: [event
/// annotations](https://spec.matrix.org/v1.19/client-server-api/#event-annotations-and-reactions)
///
/// @param target the event that is annotated
/// @param type the type of the event that annotates it
public record Annotation(UserId sender, EventId target, String type, String key) {
  private static final String ANNOTATION = "m.annotation";

  /// What an event of that sender, type and content annotates; empty when it annotates nothing.
  public static Optional<Annotation> in(UserId sender, String type, JsonNode content) {
    JsonNode relation = content.path("m.relates_to");
    JsonNode target = relation.path("event_id");
    JsonNode key = relation.path("key");
    if (!ANNOTATION.equals(relation.path("rel_type").textValue())
        || !target.isTextual()
        || !key.isTextual()) {
      return Optional.empty();
    }
    try {
      EventId event = EventId.parse(target.textValue());
      return Optional.of(new Annotation(sender, event, type, key.textValue()));
    } catch (InvalidIdentifierException _) {
      // It relates to no event that could be here.
      return Optional.empty();
    }
  }

  /// What an event annotates.
  public static Optional<Annotation> of(Pdu event) {
    return in(event.sender(), event.type(), event.content());
  }

  /// A hash under which the annotations of one event that are equal are found.
  public long likeness() {
    return Likeness.ofAnnotation(sender.value(), type, key);
  }
}
