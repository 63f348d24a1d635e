package org.hearth.server.servers.room.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.sql.Blob;
import java.sql.SQLException;
import org.hearth.server.servers.room.Likeness;
import org.hearth.server.servers.room.RelationKind;
import org.jspecify.annotations.Nullable;

/// Reads what relations are found by out of stored events.
///
/// **thread**: any. The migrations `V37__thread` and `V55__thread_begun_by`, and the statement that
/// makes the row of a thread, call it from SQL by its name.
public final class KeptRelations {
  private static final ObjectMapper JSON = new ObjectMapper();

  private KeptRelations() {}

  /// The [Likeness] of a stored event.
  ///
  /// @param json as in the column of that name
  /// @return null for an event that is neither a replacement nor in a thread, or cannot be read
  public static @Nullable Long likeness(byte @Nullable [] json, @Nullable String relType) {
    if (json == null || relType == null) {
      return null;
    }
    try {
      JsonNode event = JSON.readTree(json);
      JsonNode sender = event.path("sender");
      JsonNode type = event.path("type");
      if (!sender.isTextual() || !type.isTextual()) {
        return null;
      }
      return switch (RelationKind.of(relType)) {
        case REPLACEMENT -> Likeness.ofReplacement(sender.textValue(), type.textValue());
        case THREAD -> Likeness.ofReply(sender.textValue());
        case OTHER, ANNOTATION, REFERENCE -> null;
      };
    } catch (IOException _) {
      // A damaged event relates to nothing, as for all who read it.
      return null;
    }
  }

  /// Who began the thread whose root is a stored event: the [Likeness#ofReply] of its sender.
  ///
  /// @param json as in the column of that name; `jsonLarge` too
  /// @return null for state, which has no thread, and for an event that cannot be read
  public static @Nullable Long begunBy(byte @Nullable [] json, @Nullable Blob jsonLarge)
      throws SQLException {
    byte[] bytes = json;
    if (bytes == null && jsonLarge != null) {
      bytes = jsonLarge.getBytes(1, Math.toIntExact(jsonLarge.length()));
    }
    if (bytes == null) {
      return null;
    }
    try {
      JsonNode event = JSON.readTree(bytes);
      JsonNode sender = event.path("sender");
      return sender.isTextual() && !event.has("state_key")
          ? (Long) Likeness.ofReply(sender.textValue())
          : null;
    } catch (IOException _) {
      // Nobody is told of a damaged event, nor of its thread.
      return null;
    }
  }

  /// As in the column `room_event.event_hash`.
  public static long hash(String eventId) {
    return StoredEvents.hash(eventId);
  }
}
