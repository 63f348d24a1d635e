package org.hearth.server.matrix.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.junit.jupiter.api.Test;

/// What rules say that they take in memory.
final class PushRulesetMemoryTest {
  private static final PushRuleset DEFAULTS =
      PushRuleset.defaults(UserId.parse("@alice:example.org"));

  /// A pattern costs most that has many different characters: for each it notes what it leads to.
  @Test
  void ownRulesSayWhatTheyTakeInMemory() {
    StringBuilder pattern = new StringBuilder();
    for (int i = 0; i < Glob.MAX_LENGTH; i++) {
      pattern.appendCodePoint(0x100 + i);
    }
    ObjectNode content = json("{\"actions\": []}").put("pattern", pattern.toString());
    ObjectNode override = json("{\"actions\": []}");
    override
        .putArray("conditions")
        .addObject()
        .put("kind", "event_match")
        .put("key", ".".repeat(10_000))
        .put("pattern", pattern.toString());

    assertThat(DEFAULTS.bytes()).isZero();
    assertThat(
            DEFAULTS
                .withRule(PushRule.parse(PushRuleKind.CONTENT, "a", content), null, null)
                .bytes())
        .isBetween(200_000L, 400_000L);
    assertThat(
            DEFAULTS
                .withRule(PushRule.parse(PushRuleKind.OVERRIDE, "a", override), null, null)
                .bytes())
        .isBetween(600_000L, 900_000L);
    assertThat(
            DEFAULTS
                .withRule(
                    PushRule.parse(PushRuleKind.ROOM, "!a:b", json("{\"actions\": []}")),
                    null,
                    null)
                .bytes())
        .isLessThan(2_000);
  }

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.getBytes(StandardCharsets.UTF_8));
  }
}
