package org.hearth.server.matrix.event;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// An event that one of our users wants to send, before it has a place in the room's graph.
///
/// @param roomId the room; null only for the create event of a room whose id will be its hash
/// @param sender one of our users
/// @param type of the event
/// @param key the state key, null unless it is a state event
/// @param content which nobody changes from now on
/// @param redacted for a redaction the event to be redacted, otherwise null
public record EventDraft(
    @JsonProperty("room") @Nullable RoomId roomId,
    UserId sender,
    String type,
    @JsonProperty("state_key") @Nullable String key,
    ObjectNode content,
    @JsonProperty("redacts") @Nullable EventId redacted) {

  /// An event that is not state.
  public static EventDraft message(RoomId roomId, UserId sender, String type, ObjectNode content) {
    return new EventDraft(roomId, sender, type, null, content, null);
  }

  /// A state event.
  public static EventDraft state(
      RoomId roomId, UserId sender, StateKey stateKey, ObjectNode content) {
    return new EventDraft(roomId, sender, stateKey.type(), stateKey.stateKey(), content, null);
  }

  /// The event that creates a room.
  ///
  /// @param roomId null if the room's id will be the hash of this event, otherwise chosen by us
  public static EventDraft create(@Nullable RoomId roomId, UserId sender, ObjectNode content) {
    return new EventDraft(roomId, sender, EventTypes.CREATE, "", content, null);
  }

  /// A redaction. Where the redacted event's id belongs is a matter of the room version.
  public static EventDraft redaction(
      RoomId roomId, UserId sender, EventId redacted, ObjectNode content) {
    return new EventDraft(roomId, sender, EventTypes.REDACTION, null, content, redacted);
  }

  /// The state key, if it is a state event.
  public Optional<String> stateKey() {
    return Optional.ofNullable(key);
  }
}
