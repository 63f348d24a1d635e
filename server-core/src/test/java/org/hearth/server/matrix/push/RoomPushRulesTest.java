package org.hearth.server.matrix.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.junit.jupiter.api.Test;

/// What users may share of their rules in a room.
class RoomPushRulesTest {
  private static final UserId ALICE = UserId.parse("@alice:example.org");
  private static final UserId BOB = UserId.parse("@bob:example.org");
  private static final RoomId HERE = RoomId.parse("!here:example.org");
  private static final String CAKE = "{'pattern':'cake','actions':['notify']}";

  private static PushRuleset with(PushRuleset rules, PushRuleKind kind, String id, String json) {
    ObjectNode rule =
        MatrixJson.parseObject(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    return rules.withRule(PushRule.parse(kind, id, rule), null, null);
  }

  private static PushRuleset of(UserId user, PushRuleKind kind, String id, String json) {
    return with(PushRuleset.defaults(user), kind, id, json);
  }

  @Test
  void usersWhoHaveSetTheSameShareIt() {
    for (UserId each : new UserId[] {ALICE, BOB}) {
      PushRuleset quiet =
          PushRuleset.defaults(each)
              .withEnabled(PushRuleKind.OVERRIDE, ".m.rule.is_user_mention", false)
              .withActions(
                  PushRuleKind.CONTENT,
                  ".m.rule.contains_user_name",
                  MatrixJson.parse("[\"notify\"]".getBytes(StandardCharsets.UTF_8)));

      assertThat(quiet.in(HERE).toJson())
          .isEqualTo(PushRuleset.restore(ALICE, quiet.toJson()).in(HERE).toJson())
          .isNotEqualTo(RoomPushRules.DEFAULTS.toJson());
      assertThat(quiet.in(HERE).toJson().toString()).doesNotContain("alice", "bob");
    }
    assertThat(of(ALICE, PushRuleKind.CONTENT, "cake", CAKE).in(HERE).toJson())
        .isEqualTo(of(BOB, PushRuleKind.CONTENT, "cake", CAKE).in(HERE).toJson())
        .isNotEqualTo(
            of(BOB, PushRuleKind.CONTENT, "cake", CAKE.replace("'cake'", "'pie'"))
                .in(HERE)
                .toJson());
  }

  @Test
  void whatSaysNothingInTheRoomIsLeftOut() {
    PushRuleset rules = PushRuleset.defaults(ALICE);
    rules = with(rules, PushRuleKind.ROOM, "!other:example.org", "{'actions':[]}");
    rules =
        with(
            rules,
            PushRuleKind.OVERRIDE,
            "muted",
            "{'actions':[],'conditions':[{'kind':'event_match','key':'room_id','pattern':'!other:*'}]}");
    rules =
        with(rules, PushRuleKind.OVERRIDE, "unknown", "{'actions':[],'conditions':[{'kind':'x'}]}");
    rules = with(rules, PushRuleKind.CONTENT, "cake", CAKE);
    rules = rules.withEnabled(PushRuleKind.CONTENT, "cake", false);

    assertThat(rules.isDefault()).isFalse();
    assertThat(rules.in(HERE).isDefault()).isTrue();
    assertThat(rules.in(RoomId.parse("!other:example.org")).isDefault()).isFalse();
    assertThat(rules.withEnabled(PushRuleKind.CONTENT, "cake", true).in(HERE).isDefault())
        .isFalse();
  }

  /// Behind a rule that is for everything in the room nothing is asked.
  @Test
  void whoHasMutedTheRoomSharesThatWhateverElseIsSet() {
    String muted =
        "{'actions':[],'conditions':[{'kind':'event_match','key':'room_id','pattern':'%s'}]}"
            .formatted(HERE.value());
    PushRuleset alice =
        with(of(ALICE, PushRuleKind.CONTENT, "cake", CAKE), PushRuleKind.OVERRIDE, "m", muted);
    PushRuleset bob = of(BOB, PushRuleKind.OVERRIDE, "m", muted);

    assertThat(alice.in(HERE).toJson()).isEqualTo(bob.in(HERE).toJson()).hasSize(1);
    assertThat(
            PushRuleset.defaults(BOB)
                .withEnabled(PushRuleKind.OVERRIDE, ".m.rule.master", true)
                .in(HERE)
                .toJson())
        .hasSize(1);
  }
}
