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
/// @param bytes about what they take in memory that other rules do not share
record PushActions(List<JsonNode> written, PushOutcome outcome, long bytes) {
  private static final Set<String> HISTORICAL = Set.of("dont_notify", "coalesce");
  private static final JsonNode NOTIFY = TextNode.valueOf("notify");
  private static final JsonNode HIGHLIGHT =
      JsonNodeFactory.instance.objectNode().put("set_tweak", "highlight");
  private static final JsonNode SOUND = sound("default");

  static final PushActions NOTHING = made(List.of(), 0);
  static final PushActions QUIETLY = made(List.of(NOTIFY), 0);
  static final PushActions WITH_SOUND = made(List.of(NOTIFY, SOUND), 0);
  static final PushActions RINGING = made(List.of(NOTIFY, sound("ring")), 0);
  static final PushActions HIGHLIGHTED = made(List.of(NOTIFY, HIGHLIGHT), 0);
  static final PushActions MENTIONED = made(List.of(NOTIFY, SOUND, HIGHLIGHT), 0);

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
        .orElseGet(() -> made(kept, kept.stream().mapToLong(MatrixJson::treeBytes).sum()));
  }

  private static PushActions made(List<JsonNode> actions, long bytes) {
    return new PushActions(actions, PushOutcome.of(actions), bytes);
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
}
