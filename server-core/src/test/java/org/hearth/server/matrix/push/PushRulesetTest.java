package org.hearth.server.matrix.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.testkit.ProcessorTime;
import org.hearth.server.matrix.version.RoomVersions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PushRulesetTest {
  private static final UserId ALICE = UserId.parse("@alice:example.org");
  private static final PushRuleset DEFAULTS = PushRuleset.defaults(ALICE);
  private static final PushContext GROUP = new PushContext(ALICE, "Alice", 5, _ -> false);
  private static final PushContext PAIR = new PushContext(ALICE, "Alice", 2, _ -> false);
  private static final PushOutcome SILENT = outcome("[\"notify\"]");
  private static final PushOutcome SOUND =
      outcome("[\"notify\", {\"set_tweak\": \"sound\", \"value\": \"default\"}]");
  private static final PushOutcome HIGHLIGHT =
      outcome("[\"notify\", {\"set_tweak\": \"highlight\"}]");

  /// A user in a room, and what is to be known of the room.
  private record PushContext(
      UserId user,
      @Nullable String displayName,
      long memberCount,
      Predicate<String> senderMayNotify) {
    PushEvent of(Pdu event) {
      return new PushEvent(event, memberCount, senderMayNotify);
    }
  }

  private static PushOutcome evaluate(PushRuleset rules, Pdu event, PushContext context) {
    return rules.evaluate(context.of(event), context.displayName());
  }

  private static boolean holds(PushCondition condition, Pdu event, PushContext context) {
    return condition.holds(context.of(event), context.displayName());
  }

  private static PushOutcome outcome(String actions) {
    return PushOutcome.of(PushRule.actions(json("{\"a\": " + actions + "}").get("a")));
  }

  @Test
  void defaultsAreThoseOfTheSpecificationInItsOrder() {
    assertThat(DEFAULTS.rules(PushRuleKind.OVERRIDE).stream().map(PushRule::id))
        .containsExactly(
            ".m.rule.master",
            ".m.rule.suppress_notices",
            ".m.rule.invite_for_me",
            ".m.rule.member_event",
            ".m.rule.is_user_mention",
            ".m.rule.contains_display_name",
            ".m.rule.is_room_mention",
            ".m.rule.roomnotif",
            ".m.rule.tombstone",
            ".m.rule.reaction",
            ".m.rule.room.server_acl",
            ".m.rule.suppress_edits");
    assertThat(DEFAULTS.rules(PushRuleKind.UNDERRIDE).stream().map(PushRule::id))
        .containsExactly(
            ".m.rule.call",
            ".m.rule.encrypted_room_one_to_one",
            ".m.rule.room_one_to_one",
            ".m.rule.message",
            ".m.rule.encrypted");
    assertThat(DEFAULTS.rules(PushRuleKind.CONTENT).stream().map(PushRule::id))
        .containsExactly(".m.rule.contains_user_name");
    for (PushRuleKind kind : List.of(PushRuleKind.ROOM, PushRuleKind.SENDER)) {
      assertThat(DEFAULTS.rules(kind)).isEmpty();
    }
  }

  /// The definitions as the specification has them.
  @Test
  void defaultsAreWrittenAsInTheSpecification() {
    assertThat(written(PushRuleKind.OVERRIDE, ".m.rule.master"))
        .isEqualTo(
            json(
                """
                {"rule_id": ".m.rule.master", "default": true, "enabled": false, "conditions": [],
                 "actions": []}
                """));
    assertThat(written(PushRuleKind.OVERRIDE, ".m.rule.invite_for_me"))
        .isEqualTo(
            json(
                """
                {"rule_id": ".m.rule.invite_for_me", "default": true, "enabled": true,
                 "conditions": [
                   {"key": "type", "kind": "event_match", "pattern": "m.room.member"},
                   {"key": "content.membership", "kind": "event_match", "pattern": "invite"},
                   {"key": "state_key", "kind": "event_match", "pattern": "@alice:example.org"}],
                 "actions": ["notify", {"set_tweak": "sound", "value": "default"}]}
                """));
    assertThat(written(PushRuleKind.OVERRIDE, ".m.rule.is_user_mention"))
        .isEqualTo(
            json(
                """
                {"rule_id": ".m.rule.is_user_mention", "default": true, "enabled": true,
                 "conditions": [{"kind": "event_property_contains",
                   "key": "content.m\\\\.mentions.user_ids", "value": "@alice:example.org"}],
                 "actions": ["notify", {"set_tweak": "sound", "value": "default"},
                   {"set_tweak": "highlight"}]}
                """));
    assertThat(written(PushRuleKind.OVERRIDE, ".m.rule.is_room_mention"))
        .isEqualTo(
            json(
                """
                {"rule_id": ".m.rule.is_room_mention", "default": true, "enabled": true,
                 "conditions": [
                   {"kind": "event_property_is", "key": "content.m\\\\.mentions.room", "value": true},
                   {"kind": "sender_notification_permission", "key": "room"}],
                 "actions": ["notify", {"set_tweak": "highlight"}]}
                """));
    assertThat(written(PushRuleKind.UNDERRIDE, ".m.rule.room_one_to_one"))
        .isEqualTo(
            json(
                """
                {"rule_id": ".m.rule.room_one_to_one", "default": true, "enabled": true,
                 "conditions": [{"kind": "room_member_count", "is": "2"},
                   {"kind": "event_match", "key": "type", "pattern": "m.room.message"}],
                 "actions": ["notify", {"set_tweak": "sound", "value": "default"}]}
                """));
  }

  /// v1.16: the rules that v1.17 removed.
  @Test
  void theRulesOfOlderVersionsAreWrittenAsTheseHaveThem() {
    assertThat(written(PushRuleKind.OVERRIDE, ".m.rule.contains_display_name"))
        .isEqualTo(
            json(
                """
                {"rule_id": ".m.rule.contains_display_name", "default": true, "enabled": true,
                 "conditions": [{"kind": "contains_display_name"}],
                 "actions": ["notify", {"set_tweak": "sound", "value": "default"},
                   {"set_tweak": "highlight"}]}
                """));
    assertThat(written(PushRuleKind.OVERRIDE, ".m.rule.roomnotif"))
        .isEqualTo(
            json(
                """
                {"rule_id": ".m.rule.roomnotif", "default": true, "enabled": true,
                 "conditions": [
                   {"kind": "event_match", "key": "content.body", "pattern": "@room"},
                   {"kind": "sender_notification_permission", "key": "room"}],
                 "actions": ["notify", {"set_tweak": "highlight"}]}
                """));
    assertThat(written(PushRuleKind.CONTENT, ".m.rule.contains_user_name"))
        .isEqualTo(
            json(
                """
                {"rule_id": ".m.rule.contains_user_name", "default": true, "enabled": true,
                 "pattern": "alice",
                 "actions": ["notify", {"set_tweak": "sound", "value": "default"},
                   {"set_tweak": "highlight"}]}
                """));
  }

  @Test
  void namesInTheBodyCountOnlyWhereTheSenderDoesNotSayWhomItMentions() {
    PushContext named = new PushContext(ALICE, "Wonder", 5, key -> key.equals("room"));
    String[] bodies = {"hi Wonder", "hi alice", "hi @room"};
    for (String body : bodies) {
      Pdu old = event("m.room.message", null, "{\"body\": \"" + body + "\"}");
      Pdu marked =
          event("m.room.message", null, "{\"m.mentions\": {}, \"body\": \"" + body + "\"}");

      assertThat(evaluate(DEFAULTS, old, named).tweaks()).as(body).containsKey("highlight");
      assertThat(evaluate(DEFAULTS, marked, named)).as(body).isEqualTo(SILENT);
    }
  }

  @Test
  void messagesNotifyWithSoundOnlyInRoomsOfTwo() {
    Pdu message = event("m.room.message", null, "{\"msgtype\": \"m.text\", \"body\": \"Hi\"}");

    assertThat(evaluate(DEFAULTS, message, GROUP)).isEqualTo(SILENT);
    assertThat(evaluate(DEFAULTS, message, PAIR)).isEqualTo(SOUND);
    assertThat(evaluate(DEFAULTS, event("m.room.encrypted", null, "{}"), GROUP)).isEqualTo(SILENT);
    assertThat(evaluate(DEFAULTS, event("m.room.encrypted", null, "{}"), PAIR)).isEqualTo(SOUND);
    assertThat(evaluate(DEFAULTS, event("m.call.invite", null, "{}"), GROUP).sound())
        .contains("ring");
  }

  @Test
  void someEventsNotifyNobody() {
    assertThat(evaluate(DEFAULTS, event("com.example", null, "{}"), PAIR).notifies()).isFalse();
    assertThat(evaluate(DEFAULTS, event("m.reaction", null, "{}"), PAIR).notifies()).isFalse();
    assertThat(
            evaluate(DEFAULTS, event("m.room.message", null, "{\"msgtype\":\"m.notice\"}"), PAIR))
        .isEqualTo(PushOutcome.NOTHING);
    assertThat(
            evaluate(
                DEFAULTS,
                event("m.room.message", null, "{\"m.relates_to\":{\"rel_type\":\"m.replace\"}}"),
                PAIR))
        .isEqualTo(PushOutcome.NOTHING);
    assertThat(evaluate(DEFAULTS, event("m.room.server_acl", "", "{}"), PAIR).notifies()).isFalse();
    assertThat(evaluate(DEFAULTS, member("@bob:example.org", "join"), PAIR).notifies()).isFalse();
  }

  @Test
  void invitesNotifyOnlyWhoIsInvited() {
    assertThat(evaluate(DEFAULTS, member("@alice:example.org", "invite"), GROUP)).isEqualTo(SOUND);
    assertThat(evaluate(DEFAULTS, member("@carol:example.org", "invite"), GROUP).notifies())
        .isFalse();
  }

  @Test
  void mentionsHighlight() {
    Pdu user =
        event(
            "m.room.message",
            null,
            "{\"m.mentions\": {\"user_ids\": [1, \"@alice:example.org\"]}}");
    Pdu room = event("m.room.message", null, "{\"m.mentions\": {\"room\": true}}");
    PushContext mayNotify = new PushContext(ALICE, null, 5, "room"::equals);

    assertThat(evaluate(DEFAULTS, user, GROUP).highlights()).isTrue();
    assertThat(evaluate(DEFAULTS, user, GROUP).sound()).contains("default");
    assertThat(evaluate(DEFAULTS, room, mayNotify)).isEqualTo(HIGHLIGHT);
    assertThat(evaluate(DEFAULTS, room, GROUP)).isEqualTo(SILENT);
    assertThat(evaluate(DEFAULTS, event("m.room.tombstone", "", "{}"), GROUP)).isEqualTo(HIGHLIGHT);
    assertThat(evaluate(DEFAULTS, event("m.room.tombstone", null, "{}"), GROUP).notifies())
        .isFalse();
  }

  @Test
  void nobodyIsNotifiedOfHisOwnEvents() {
    UserId bob = UserId.parse("@bob:example.org");
    PushContext pair = new PushContext(bob, null, 2, _ -> true);
    PushRuleset rules = PushRuleset.defaults(bob);

    assertThat(evaluate(rules, event("m.room.message", null, "{}"), pair).notifies()).isFalse();
  }

  /// A user with as many rules as one may have, of globs that are as slow as can be.
  @Test
  void theRulesOfOneUserCostAnEventABoundedTime() {
    PushRuleset rules = DEFAULTS;
    for (int i = 0; i < 200; i++) {
      String pattern = "*a?".repeat(340) + i;
      rules =
          rules.withRule(
              rule(
                  PushRuleKind.CONTENT,
                  "slow" + i,
                  "{\"pattern\": \"" + pattern + "\", \"actions\": [\"notify\"]}"),
              null,
              null);
    }
    PushRuleset all = rules;
    Pdu large = event("m.room.message", null, "{\"body\": \"" + "a".repeat(60_000) + "\"}");
    Pdu small = event("m.room.message", null, "{\"body\": \"a large cake\"}");
    PushRuleset cake =
        rules.withRule(
            rule(
                PushRuleKind.CONTENT,
                "cake",
                "{\"pattern\": \"c?ke\", \"actions\": [\"notify\", {\"set_tweak\": \"highlight\"}]}"),
            null,
            "slow0");

    assertThat(ProcessorTime.of(() -> assertThat(evaluate(all, large, GROUP)).isEqualTo(SILENT)))
        .isLessThan(Duration.ofSeconds(1));
    assertThat(evaluate(cake, small, GROUP)).isEqualTo(HIGHLIGHT);
  }

  /// Whom an event does not name, the default rules treat like all others.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "m.room.message|{\"body\": \"hello\"}",
        "m.room.message|{\"body\": \"hello @room\"}",
        "m.room.message|{\"body\": \"x\", \"m.mentions\": {\"room\": true}}",
        "m.room.message|{\"body\": \"x\", \"m.mentions\": {\"user_ids\": [\"@carol:example.org\"]}}",
        "m.room.message|{\"msgtype\": \"m.notice\", \"body\": \"x\"}",
        "m.room.message|{\"m.relates_to\": {\"rel_type\": \"m.replace\"}}",
        "m.room.encrypted|{}",
        "m.call.invite|{}",
        "m.reaction|{}",
        "com.example|{}",
      })
  void thoseWhoAreNotNamedAreToldTheSame(String row) {
    Pdu event =
        event(row.substring(0, row.indexOf('|')), null, row.substring(row.indexOf('|') + 1));
    for (long members : new long[] {2, 3}) {
      for (boolean mayNotify : new boolean[] {false, true}) {
        PushEvent asked = new PushEvent(event, members, _ -> mayNotify);

        assertThat(DEFAULTS.in(event.roomId()).ofUnnamed(asked))
            .isEqualTo(DEFAULTS.evaluate(asked, "Alice"));
        assertThat(asked.named()).doesNotContain(ALICE.value());
      }
    }
  }

  @Test
  void itIsKnownWhoHasOnlyTheDefaultRules() {
    PushRuleset kept = PushRuleset.restore(ALICE, DEFAULTS.toJson());
    PushRuleset quiet = DEFAULTS.withEnabled(PushRuleKind.UNDERRIDE, ".m.rule.message", false);

    assertThat(DEFAULTS.isDefault()).isTrue();
    assertThat(kept.isDefault()).isTrue();
    assertThat(quiet.isDefault()).isFalse();
    assertThat(PushRuleset.restore(ALICE, quiet.toJson()).isDefault()).isFalse();
    assertThat(DEFAULTS.withRule(room("a"), null, null).isDefault()).isFalse();
  }

  @Test
  void masterSilencesEverything() {
    PushRuleset silenced = DEFAULTS.withEnabled(PushRuleKind.OVERRIDE, ".m.rule.master", true);
    PushRuleset withOwn =
        silenced.withRule(
            rule(PushRuleKind.OVERRIDE, "mine", "{\"actions\": [\"notify\"]}"), null, null);

    assertThat(evaluate(withOwn, event("m.room.message", null, "{}"), PAIR))
        .isEqualTo(PushOutcome.NOTHING);
    assertThat(ids(withOwn, PushRuleKind.OVERRIDE))
        .startsWith(".m.rule.master", "mine", ".m.rule.suppress_notices");
  }

  /// `content.topic` against `lunc?*`, and the other examples of the specification.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "event_match|content.topic|'lunc?*'|{\"topic\": \"Lunch plans\"}|true",
        "event_match|content.topic|'lunc?*'|{\"topic\": \"LUNCH\"}|true",
        "event_match|content.topic|'lunc?*'|{\"topic\": \" lunch\"}|false",
        "event_match|content.topic|'lunc?*'|{\"topic\": \"lunc\"}|false",
        "event_match|content.topic|'*'|{\"topic\": null}|false",
        "event_match|content.topic|'*'|{}|false",
        "event_match|content.topic|'*'|{\"topic\": 5}|false",
        "event_match|content.body|'ex*ple'|{\"body\": \"An example event.\"}|true",
        "event_match|content.body|'ex*ple'|{\"body\": \"An exciting triple-whammy\"}|true",
        "event_match|content.body|'ex*ple'|{\"body\": \"unexampled\"}|false",
        "event_match|room_id|'!r:example.org'|{}|true",
        "event_match|sender|'@bob:*'|{}|true",
        "event_property_is|content.m\\.federate|true|{\"m.federate\": true}|true",
        "event_property_is|content.m\\.federate|true|{\"m.federate\": \"true\"}|false",
        "event_property_is|content.m\\.federate|true|{\"m.federate\": 1}|false",
        "event_property_is|content.m\\.federate|true|{\"m\": {\"federate\": true}}|false",
        "event_property_is|content.a\\\\b|1|{\"a\\\\b\": 1}|true",
        "event_property_is|content.a\\xb|1|{\"a\\\\xb\": 1}|true",
        "event_property_is|content.a|null|{\"a\": null}|true",
        "event_property_is|content.a|null|{}|false",
        "event_property_is|content.a|[1]|{\"a\": [1]}|false",
        "event_property_is|content.a|4294967296|{\"a\": 4294967296}|true",
        "event_property_contains|content.l|'\"#a:x.org\"'|{\"l\": [{}, \"#a:x.org\"]}|true",
        "event_property_contains|content.l|'\":x.org\"'|{\"l\": [\"#a:x.org\"]}|false",
        "event_property_contains|content.l|'\"#a:x.org\"'|{\"l\": \"#a:x.org\"}|false",
        "event_property_contains|content.l|1|{\"l\": [\"1\", true]}|false",
        "event_property_contains|content.l|false|{\"l\": [false]}|true",
      })
  void conditionHolds(String kind, String key, String wanted, String content, boolean holds) {
    ObjectNode json = json("{}").put("kind", kind).put("key", key);
    if (kind.equals("event_match")) {
      json.put("pattern", wanted);
    } else {
      json.set("value", json("{\"v\": " + wanted + "}").get("v"));
    }

    PushCondition condition = PushCondition.parse(json);

    assertThat(holds(condition, event("m.room.message", null, content), GROUP)).isEqualTo(holds);
    assertThat(condition.toJson()).isEqualTo(json);
  }

  @ParameterizedTest
  @CsvSource({
    "5, true", "==5, true", "6, false", "<5, false", "<6, true", ">4, true", ">5, false",
    ">=5, true", "<=5, true", "<=4, false", "'', false", "=5, false", "five, false", "<>5, false",
    "5.0, false", "-5, false", "==, false", "99999999999999999999, false",
  })
  void memberCountHolds(String is, boolean holds) {
    PushCondition condition =
        PushCondition.parse(json("{}").put("kind", "room_member_count").put("is", is));

    assertThat(holds(condition, event("t", null, "{}"), GROUP)).isEqualTo(holds);
  }

  @Test
  void displayNameIsFoundAsAWord() {
    PushCondition condition = PushCondition.parse(json("{\"kind\": \"contains_display_name\"}"));
    Pdu greeting = event("m.room.message", null, "{\"body\": \"hello ALICE!\"}");

    assertThat(holds(condition, greeting, GROUP)).isTrue();
    assertThat(holds(condition, event("m.room.message", null, "{\"body\": \"malice\"}"), GROUP))
        .isFalse();
    assertThat(holds(condition, greeting, new PushContext(ALICE, null, 5, _ -> true))).isFalse();
    assertThat(holds(condition, greeting, new PushContext(ALICE, " ", 5, _ -> true))).isFalse();
    assertThat(holds(condition, greeting, new PushContext(ALICE, "*", 5, _ -> true))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"kind\": \"com.example\"}",
        "{\"kind\": 5}",
        "{\"kind\": \"event_match\"}",
        "{\"kind\": \"event_match\", \"key\": \"type\", \"pattern\": 5}",
        "{\"kind\": \"event_property_is\", \"key\": \"type\"}",
        "{\"kind\": \"sender_notification_permission\"}",
      })
  void conditionsThatAreNotUnderstoodNeverHold(String condition) {
    PushCondition parsed = PushCondition.parse(json(condition));

    assertThat(holds(parsed, event("t", null, "{}"), GROUP)).isFalse();
    assertThat(parsed.toJson()).isEqualTo(json(condition));
  }

  @Test
  void userRulesComeBeforeDefaultsAndByTheirKind() {
    PushRuleset rules =
        DEFAULTS
            .withRule(
                rule(
                    PushRuleKind.CONTENT,
                    "cake",
                    """
                    {"pattern": "cake",
                     "actions": ["notify", {"set_tweak": "sound", "value": "cakealarm.wav"}]}
                    """),
                null,
                null)
            .withRule(rule(PushRuleKind.ROOM, "!r:example.org", "{\"actions\": []}"), null, null)
            .withRule(
                rule(PushRuleKind.SENDER, "@spam:example.org", "{\"actions\": []}"), null, null);

    assertThat(
            evaluate(rules, event("m.room.message", null, "{\"body\": \"a cake\"}"), PAIR).sound())
        .contains("cakealarm.wav");
    assertThat(
            evaluate(rules, event("m.room.message", null, "{\"body\": \"no\"}"), PAIR).notifies())
        .isFalse();
  }

  @Test
  void placeAmongTheUsersRulesCanBeChosen() {
    PushRuleset rules =
        DEFAULTS
            .withRule(room("a"), null, null)
            .withRule(room("b"), null, null)
            .withRule(room("c"), null, null);
    assertThat(ids(rules, PushRuleKind.ROOM)).containsExactly("c", "b", "a");

    assertThat(ids(rules.withRule(room("d"), "b", null), PushRuleKind.ROOM))
        .containsExactly("c", "d", "b", "a");
    assertThat(ids(rules.withRule(room("d"), null, "b"), PushRuleKind.ROOM))
        .containsExactly("c", "b", "d", "a");
    assertThat(ids(rules.withRule(room("d"), "a", "c"), PushRuleKind.ROOM))
        .containsExactly("c", "b", "d", "a");
    assertThat(ids(rules.withRule(room("a"), null, null), PushRuleKind.ROOM))
        .containsExactly("c", "b", "a");
    assertThat(ids(rules.withRule(room("a"), "c", null), PushRuleKind.ROOM))
        .containsExactly("a", "c", "b");
    assertThat(ids(rules.withoutRule(PushRuleKind.ROOM, "b"), PushRuleKind.ROOM))
        .containsExactly("c", "a");
  }

  @Test
  void refusesPlacesThatAreNone() {
    PushRule mine = rule(PushRuleKind.OVERRIDE, "mine", "{\"actions\": []}");

    refused("M_NOT_FOUND", () -> DEFAULTS.withRule(mine, "unknown", null));
    refused("M_NOT_FOUND", () -> DEFAULTS.withRule(mine, "mine", null));
    refused("M_INVALID_PARAM", () -> DEFAULTS.withRule(mine, null, ".m.rule.tombstone"));
    refused(
        "M_INVALID_PARAM", () -> DEFAULTS.withRule(mine, null, null).withRule(mine, "mine", null));
  }

  @Test
  void changedRuleStaysDisabled() {
    PushRuleset rules =
        DEFAULTS
            .withRule(room("a"), null, null)
            .withEnabled(PushRuleKind.ROOM, "a", false)
            .withRule(room("a"), null, null);

    assertThat(rules.rule(PushRuleKind.ROOM, "a").map(PushRule::isEnabled)).contains(false);
  }

  @Test
  void defaultRulesCanBeChangedButNotDeleted() {
    PushRuleset rules =
        DEFAULTS.withActions(
            PushRuleKind.UNDERRIDE, ".m.rule.message", json("{\"a\": [\"dont_notify\"]}").get("a"));

    assertThat(evaluate(rules, event("m.room.message", null, "{}"), GROUP).notifies()).isFalse();
    assertThat(rules.rule(PushRuleKind.UNDERRIDE, ".m.rule.message").map(PushRule::actions))
        .contains(List.of());
    refused("M_INVALID_PARAM", () -> rules.withoutRule(PushRuleKind.UNDERRIDE, ".m.rule.message"));
    refused("M_NOT_FOUND", () -> rules.withoutRule(PushRuleKind.UNDERRIDE, "other"));
    refused("M_NOT_FOUND", () -> rules.withEnabled(PushRuleKind.ROOM, ".m.rule.message", true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "override|.mine|{\"actions\": []}|M_INVALID_PARAM",
        "override|a/b|{\"actions\": []}|M_INVALID_PARAM",
        "override|a\\b|{\"actions\": []}|M_INVALID_PARAM",
        "override|''|{\"actions\": []}|M_INVALID_PARAM",
        "override|a|{}|M_MISSING_PARAM",
        "override|a|{\"actions\": {}}|M_BAD_JSON",
        "override|a|{\"actions\": \"notify\"}|M_BAD_JSON",
        "override|a|{\"actions\": [5]}|M_BAD_JSON",
        "override|a|{\"actions\": [{\"x\": 1}]}|M_BAD_JSON",
        "override|a|{\"actions\": [], \"conditions\": {}}|M_BAD_JSON",
        "override|a|{\"actions\": [], \"conditions\": [1]}|M_BAD_JSON",
        "content|a|{\"actions\": []}|M_MISSING_PARAM",
        "content|a|{\"actions\": [], \"pattern\": 5}|M_BAD_JSON",
      })
  void refusesWhatIsNoRule(String kind, String id, String rule, String errcode) {
    refused(errcode, () -> PushRule.parse(PushRuleKind.of(kind).orElseThrow(), id, json(rule)));
  }

  private static void refused(
      String errcode, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.errcode()).isEqualTo(errcode));
  }

  private static PushRule room(String id) {
    return rule(PushRuleKind.ROOM, id, "{\"actions\": [\"notify\"]}");
  }

  private static PushRule rule(PushRuleKind kind, String id, String json) {
    return PushRule.parse(kind, id, json(json));
  }

  private static List<String> ids(PushRuleset rules, PushRuleKind kind) {
    return rules.rules(kind).stream().map(PushRule::id).toList();
  }

  private static ObjectNode written(PushRuleKind kind, String id) {
    return written(DEFAULTS, kind, id);
  }

  private static ObjectNode written(PushRuleset rules, PushRuleKind kind, String id) {
    return rules.rule(kind, id).map(PushRule::toJson).orElseThrow();
  }

  private static Pdu member(String user, String membership) {
    return event("m.room.member", user, "{\"membership\": \"" + membership + "\"}");
  }

  /// An event of Bob's.
  private static Pdu event(String type, @Nullable String stateKey, String content) {
    ObjectNode event =
        json(
            """
            {"auth_events": [], "depth": 1, "hashes": {"sha256": "x"}, "origin_server_ts": 1,
             "prev_events": [], "room_id": "!r:example.org", "sender": "@bob:example.org",
             "signatures": {}}
            """);
    event.put("type", type).set("content", json(content));
    Optional.ofNullable(stateKey).ifPresent(key -> event.put("state_key", key));
    return Pdu.parse(event, RoomVersions.V11);
  }

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.getBytes(StandardCharsets.UTF_8));
  }
}
