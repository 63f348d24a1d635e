package org.hearth.server.matrix.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.json.MatrixJson;

/// What a rule does. Those of most rules are one of a few, which all of them share.
///
/// @param written as clients write them, without those that have no meaning any more
/// @param outcome what they say
record PushActions(List<JsonNode> written, PushOutcome outcome) {
  private static final Set<String> HISTORICAL = Set.of("dont_notify", "coalesce");
  private static final JsonNode NOTIFY = TextNode.valueOf("notify");
  private static final JsonNode HIGHLIGHT =
      JsonNodeFactory.instance.objectNode().put("set_tweak", "highlight");
  private static final JsonNode SOUND = sound("default");

  static final PushActions NOTHING = made(List.of());
  static final PushActions QUIETLY = made(List.of(NOTIFY));
  static final PushActions WITH_SOUND = made(List.of(NOTIFY, SOUND));
  static final PushActions RINGING = made(List.of(NOTIFY, sound("ring")));
  static final PushActions HIGHLIGHTED = made(List.of(NOTIFY, HIGHLIGHT));
  static final PushActions MENTIONED = made(List.of(NOTIFY, SOUND, HIGHLIGHT));

  private static final List<PushActions> SHARED =
      List.of(NOTHING, QUIETLY, WITH_SOUND, RINGING, HIGHLIGHTED, MENTIONED);

  /// What the actions are that somebody wrote.
  static PushActions of(List<JsonNode> actions) {
    // "Clients and homeservers MUST ignore these actions, for instance, by stripping them from
    // actions arrays they encounter."
    List<JsonNode> kept =
        actions.stream()
            .filter(each -> !each.isTextual() || !HISTORICAL.contains(each.textValue()))
            .toList();
    return SHARED.stream()
        .filter(each -> each.written.equals(kept))
        .findFirst()
        .orElseGet(() -> made(kept));
  }

  private static PushActions made(List<JsonNode> actions) {
    return new PushActions(actions, PushOutcome.of(actions));
  }

  private static JsonNode sound(String name) {
    return JsonNodeFactory.instance.objectNode().put("set_tweak", "sound").put("value", name);
  }

  /// Whether somebody may write it as an action.
  static boolean isAction(JsonNode json) {
    return json.isTextual()
        ? json.textValue().equals("notify") || HISTORICAL.contains(json.textValue())
        : json.path("set_tweak").isTextual();
  }

  /// About what they take in memory that other rules do not share.
  long bytes() {
    return SHARED.contains(this) ? 0 : written.stream().mapToLong(MatrixJson::treeBytes).sum();
  }
}
