package org.hearth.server.matrix.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What is to be done about an event.
///
/// @param actions of the rule that says so, as clients write them; empty for no notification
/// @param notifies whether the user is to be notified
/// @param tweaks how the notification should be presented, by name; empty if there is none
public record PushOutcome(List<JsonNode> actions, boolean notifies, Map<String, JsonNode> tweaks) {
  /// No notification.
  public static final PushOutcome NOTHING = new PushOutcome(List.of(), false, Map.of());

  public PushOutcome {
    actions = notifies ? List.copyOf(actions) : List.of();
    tweaks = notifies ? Map.copyOf(tweaks) : Map.of();
  }

  /// What these actions of a rule say.
  public static PushOutcome of(List<JsonNode> actions) {
    boolean notifies = false;
    Map<String, JsonNode> tweaks = new LinkedHashMap<>();
    for (JsonNode action : actions) {
      if (action.isTextual()) {
        notifies |= action.textValue().equals("notify");
      } else if (action.path("set_tweak").isTextual()) {
        // "If a `highlight` tweak is given with no value, its value is defined to be `true`."
        JsonNode value = action.has("value") ? action.get("value") : BooleanNode.TRUE;
        tweaks.put(action.get("set_tweak").textValue(), value);
      }
    }
    return notifies ? new PushOutcome(actions, true, tweaks) : NOTHING;
  }

  /// True if the event is to be highlighted. "If no highlight tweak is given at all then the value
  /// of `highlight` is defined to be false."
  public boolean highlights() {
    JsonNode value = tweaks.get("highlight");
    return value != null && value.asBoolean();
  }

  /// The sound to be played, if any.
  public Optional<String> sound() {
    return Optional.ofNullable(tweaks.get("sound"))
        .filter(JsonNode::isTextual)
        .map(JsonNode::textValue);
  }
}
