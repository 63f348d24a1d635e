package org.hearth.server.servers.room.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.hearth.server.servers.room.Likeness;
import org.hearth.server.servers.room.RelationKind;
import org.jspecify.annotations.Nullable;

/// Reads the relations in events that were stored before threads and replacements were found by
/// their senders.
///
/// **thread**: any. The migration `V37__thread` calls it from SQL by its name.
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
}
