package org.hearth.server.servers.room;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
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

  /// A hash of sender, type and key, under which the annotations of one event that are equal are
  /// found. It is stored: it must stay as it is.
  public long likeness() {
    return likeness(sender.value(), type, key);
  }

  /// The hash of an annotation of which the words are known.
  public static long likeness(String sender, String type, String key) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      String words = sender + "\n" + type + "\n" + key;
      return ByteBuffer.wrap(digest.digest(words.getBytes(StandardCharsets.UTF_8))).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
