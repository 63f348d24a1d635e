package org.hearth.server.matrix.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.version.RoomVersions;
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

  /// The Kelvin sign is a K for whoever ignores case, and a boundary of words.
  @Test
  void wordsThatAreAskedTogetherSayWhatTheirRulesSayOneByOne() {
    String[] patterns = {"cake", "Pie", "ca?e", "k", "x_1", "cake pie", "\u212Aind", "*"};
    String[] actions = {
      "[]", "['notify']", "['notify',{'set_tweak':'sound','value':'own'}]",
    };
    String[] bodies = {"cake", "PIE", "K", "\u212A", "x_1", " ", " ", "-", "kind", "a"};
    RandomGenerator random = new SplittableRandom(9);
    for (int round = 0; round < 3_000; round++) {
      PushRuleset rules = PushRuleset.defaults(ALICE);
      for (int i = random.nextInt(6); i > 0; i--) {
        String rule =
            "{'pattern':'%s','actions':%s}"
                .formatted(
                    patterns[random.nextInt(patterns.length)],
                    actions[random.nextInt(actions.length)]);
        rules = with(rules, PushRuleKind.CONTENT, "rule" + i, rule);
        rules = rules.withEnabled(PushRuleKind.CONTENT, "rule" + i, random.nextInt(4) > 0);
      }
      StringBuilder body = new StringBuilder();
      for (int i = random.nextInt(8); i > 0; i--) {
        body.append(bodies[random.nextInt(bodies.length)]);
      }
      Pdu event = message(body.toString());

      assertThat(rules.in(HERE).evaluate(new PushEvent(event, 3, _ -> false), ALICE, null))
          .as("round %d: '%s' by %s", round, body, rules.in(HERE).toJson())
          .isEqualTo(rules.evaluate(new PushEvent(event, 3, _ -> false), null));
    }
  }

  /// Of 10,000 members of a room with ten words each all are kept in 20 MiB.
  @Test
  void wordsTakeLittleMemory() {
    PushRuleset rules = PushRuleset.defaults(ALICE);
    for (int i = 0; i < 10; i++) {
      String id = "holiday10000" + i;
      rules = with(rules, PushRuleKind.CONTENT, id, CAKE.replace("cake", id));
    }

    assertThat(rules.in(HERE).bytes()).isLessThan(1_200);
  }

  private static Pdu message(String body) {
    ObjectNode event =
        MatrixJson.parseObject(
            """
            {"auth_events": [], "depth": 1, "hashes": {"sha256": "x"}, "origin_server_ts": 1,
             "prev_events": [], "room_id": "!here:example.org", "sender": "@bob:example.org",
             "signatures": {}, "type": "m.room.message"}
            """
                .getBytes(StandardCharsets.UTF_8));
    event.putObject("content").put("body", body).putObject("m.mentions");
    return Pdu.parse(event, RoomVersions.V11);
  }
}
