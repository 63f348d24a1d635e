package org.hearth.server.matrix.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.junit.jupiter.api.Test;

class StoredPushRulesTest {
  private static final UserId ALICE = UserId.parse("@alice:example.org");
  private static final PushRuleset DEFAULTS = PushRuleset.defaults(ALICE);

  @Test
  void restoresWhatTheUserMadeOfIt() {
    PushRuleset rules =
        DEFAULTS
            .withEnabled(PushRuleKind.OVERRIDE, ".m.rule.master", true)
            .withRule(room("!r:example.org"), null, null)
            .withRule(room("!s:example.org"), null, null)
            .withEnabled(PushRuleKind.ROOM, "!s:example.org", false)
            .withRule(
                rule(PushRuleKind.CONTENT, "x", "{\"actions\": [], \"pattern\": \"y\"}"),
                null,
                null);
    ObjectNode stored = rules.toJson();

    assertThat(PushRuleset.restore(ALICE, stored).toJson()).isEqualTo(stored);
    assertThat(PushRuleset.restore(ALICE, json("{}")).toJson()).isEqualTo(DEFAULTS.toJson());
  }

  @Test
  void defaultsOfTodayReplaceThoseThatWereStored() {
    JsonNode stored =
        json(
            """
            {"override": [
              {"rule_id": ".m.rule.gone", "default": true, "enabled": true, "actions": []},
              {"rule_id": ".m.rule.tombstone", "default": true, "enabled": false,
               "conditions": [], "actions": ["notify"]}]}
            """);

    PushRuleset rules = PushRuleset.restore(ALICE, stored);

    assertThat(rules.rules(PushRuleKind.OVERRIDE).stream().map(PushRule::id))
        .doesNotContain(".m.rule.gone")
        .hasSize(12);
    PushRule tombstone = rules.rule(PushRuleKind.OVERRIDE, ".m.rule.tombstone").orElseThrow();
    assertThat(tombstone.toJson().get("conditions")).hasSize(2);
    assertThat(tombstone.isEnabled()).isFalse();
  }

  private static PushRule room(String id) {
    return rule(PushRuleKind.ROOM, id, "{\"actions\": [\"notify\"]}");
  }

  private static PushRule rule(PushRuleKind kind, String id, String json) {
    return PushRule.parse(kind, id, json(json));
  }

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.getBytes(StandardCharsets.UTF_8));
  }
}
