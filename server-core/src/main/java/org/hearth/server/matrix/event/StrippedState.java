package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/// State events with only what somebody outside the room needs of them: "only the `type`,
/// `state_key`, `sender` and `content`".
///
/// Source: [Stripped state](https://spec.matrix.org/v1.19/client-server-api/#stripped-state).
public final class StrippedState {
  /// "Stripped state should contain some or all of the following state events". Beside them are the
  /// member events of the user and of who invited the user.
  public static final List<StateKey> KEYS =
      List.of(
          StateKey.of(EventTypes.CREATE),
          StateKey.of(EventTypes.NAME),
          StateKey.of(EventTypes.AVATAR),
          StateKey.of(EventTypes.TOPIC),
          StateKey.of(EventTypes.JOIN_RULES),
          StateKey.of(EventTypes.CANONICAL_ALIAS),
          StateKey.of(EventTypes.ENCRYPTION));

  private StrippedState() {}

  /// The state event, stripped.
  ///
  /// @throws IllegalArgumentException if it is not a state event
  public static ObjectNode of(Pdu event) {
    return ofJson(event.json())
        .orElseThrow(() -> new IllegalArgumentException(event + " is not a state event"));
  }

  /// What a peer sent us as stripped state, pruned: "Servers cannot pass through what they receive
  /// over federation to clients as stripped state." Nothing, if it is no state event at all.
  public static Optional<ObjectNode> ofJson(ObjectNode event) {
    boolean valid =
        event.path("type").isTextual()
            && event.path("state_key").isTextual()
            && event.path("sender").isTextual()
            && event.path("content").isObject();
    if (!valid) {
      return Optional.empty();
    }
    ObjectNode stripped = JsonNodeFactory.instance.objectNode();
    stripped.set("content", event.get("content"));
    stripped.set("sender", event.get("sender"));
    stripped.set("state_key", event.get("state_key"));
    stripped.set("type", event.get("type"));
    return Optional.of(stripped);
  }
}
