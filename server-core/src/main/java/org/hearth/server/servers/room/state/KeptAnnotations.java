package org.hearth.server.servers.room.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.hearth.server.servers.room.Likeness;
import org.jspecify.annotations.Nullable;

/// Reads the annotations in events that were stored before their likeness was.
///
/// **thread**: any. The migration `V15__annotation` calls it from SQL by its name.
public final class KeptAnnotations {
  private static final ObjectMapper JSON = new ObjectMapper();

  private KeptAnnotations() {}

  /// The [Likeness] of a stored event.
  ///
  /// @param json as in the column of that name
  /// @return null for an event that annotates nothing or cannot be read
  public static @Nullable Long likeness(byte @Nullable [] json) {
    if (json == null) {
      return null;
    }
    try {
      JsonNode event = JSON.readTree(json);
      JsonNode sender = event.path("sender");
      JsonNode type = event.path("type");
      JsonNode key = event.path("content").path("m.relates_to").path("key");
      return sender.isTextual() && type.isTextual() && key.isTextual()
          ? (Long) Likeness.ofAnnotation(sender.textValue(), type.textValue(), key.textValue())
          : null;
    } catch (IOException _) {
      // A damaged event annotates nothing, as for all who read it.
      return null;
    }
  }
}
