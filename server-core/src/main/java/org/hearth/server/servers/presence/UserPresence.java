package org.hearth.server.servers.presence;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.hearth.server.logs.Presence;
import org.jspecify.annotations.Nullable;

/// How it is with a user.
///
/// @param lastActive when the user last did something; null if that is not known
/// @param currentlyActive whether the user is there and that was a moment ago
/// @param status the user's message; null for none
public record UserPresence(
    Presence presence,
    @Nullable Instant lastActive,
    boolean currentlyActive,
    @Nullable String status) {

  /// The content of the event `m.presence`, which is the answer to who asks for a user's presence,
  /// too.
  ///
  /// "The server may include a `currently_active` boolean field when the presence state is
  /// `online`."
  ///
  /// @param now from which `last_active_ago` counts
  public ObjectNode content(Instant now) {
    ObjectNode content = JsonNodeFactory.instance.objectNode().put("presence", presence.id());
    if (lastActive != null) {
      content.put("last_active_ago", Math.max(0, Duration.between(lastActive, now).toMillis()));
    }
    if (presence == Presence.ONLINE) {
      content.put("currently_active", currentlyActive);
    }
    if (status != null) {
      content.put("status_msg", status);
    }
    return content;
  }

  /// Whether they differ in nothing but when the user was last active.
  boolean isLike(UserPresence other) {
    return currentlyActive == other.currentlyActive && looksLike(other);
  }

  /// Whether they differ in nothing for which anybody would be woken.
  boolean looksLike(UserPresence other) {
    return presence == other.presence && Objects.equals(status, other.status);
  }
}
