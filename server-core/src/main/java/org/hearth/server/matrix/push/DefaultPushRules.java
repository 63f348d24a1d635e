package org.hearth.server.matrix.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hearth.server.matrix.id.UserId;

/// The server-default rules, in their order. There are none of kind room and sender.
///
/// "Changed in v1.17: the legacy default push rules that looked for mentions in the `body` of the
/// event were removed." They are here as long as the server announces versions that have them;
/// since v1.7 they count for events without `m.mentions` only.
///
/// Source: [Predefined Rules](https://spec.matrix.org/v1.19/client-server-api/#predefined-rules),
/// and of [v1.16](https://spec.matrix.org/v1.16/client-server-api/#predefined-rules).
final class DefaultPushRules {
  static final String MASTER = ".m.rule.master";

  private static final String CONTAINS_DISPLAY_NAME = ".m.rule.contains_display_name";
  private static final String ROOM_NOTIFICATION = ".m.rule.roomnotif";
  private static final String CONTAINS_USER_NAME = ".m.rule.contains_user_name";

  private static final JsonNode NOTIFY = TextNode.valueOf("notify");
  private static final JsonNode HIGHLIGHT =
      JsonNodeFactory.instance.objectNode().put("set_tweak", "highlight");
  private static final List<JsonNode> NOTHING = List.of();
  private static final List<JsonNode> QUIETLY = List.of(NOTIFY);
  private static final List<JsonNode> WITH_SOUND = List.of(NOTIFY, sound("default"));

  private static final List<JsonNode> MENTIONED = List.of(NOTIFY, sound("default"), HIGHLIGHT);

  /// "Matches all events. This can be enabled to turn off all push notifications. By default this
  /// rule is disabled."
  private static final PushRule MASTER_RULE =
      PushRule.ofServerForAll(PushRuleKind.OVERRIDE, MASTER, false, List.of(), NOTHING);

  private static final PushRule SUPPRESS_NOTICES =
      override(
          ".m.rule.suppress_notices",
          List.of(PushCondition.eventMatch("content.msgtype", "m.notice")),
          NOTHING);

  private static final PushRule MEMBER_EVENT =
      override(".m.rule.member_event", List.of(type("m.room.member")), NOTHING);

  /// "Matches any message whose content contains the user's current display name in the room in
  /// which it was sent."
  private static final PushRule DISPLAY_NAME =
      PushRule.ofServer(
          PushRuleKind.OVERRIDE,
          CONTAINS_DISPLAY_NAME,
          List.of(new PushCondition.ContainsDisplayName()),
          MENTIONED);

  /// Those behind the last that is another for each user.
  private static final List<PushRule> LAST_OVERRIDES =
      List.of(
          override(
              ".m.rule.is_room_mention",
              List.of(
                  new PushCondition.EventPropertyIs(
                      PropertyPath.parse("content.m\\.mentions.room"), BooleanNode.TRUE),
                  new PushCondition.SenderNotificationPermission("room")),
              List.of(NOTIFY, HIGHLIGHT)),
          // "Matches any message whose content contains the text `@room`, signifying the whole room
          // should be notified of the event."
          override(
              ROOM_NOTIFICATION,
              List.of(
                  PushCondition.eventMatch("content.body", "@room"),
                  new PushCondition.SenderNotificationPermission("room")),
              List.of(NOTIFY, HIGHLIGHT)),
          override(
              ".m.rule.tombstone",
              List.of(type("m.room.tombstone"), PushCondition.eventMatch("state_key", "")),
              List.of(NOTIFY, HIGHLIGHT)),
          override(".m.rule.reaction", List.of(type("m.reaction")), NOTHING),
          override(
              ".m.rule.room.server_acl",
              List.of(type("m.room.server_acl"), PushCondition.eventMatch("state_key", "")),
              NOTHING),
          override(
              ".m.rule.suppress_edits",
              List.of(
                  new PushCondition.EventPropertyIs(
                      PropertyPath.parse("content.m\\.relates_to.rel_type"),
                      TextNode.valueOf("m.replace"))),
              NOTHING));

  private static final List<PushRule> UNDERRIDE =
      List.of(
          underride(".m.rule.call", List.of(type("m.call.invite")), List.of(NOTIFY, sound("ring"))),
          underride(
              ".m.rule.encrypted_room_one_to_one",
              List.of(twoMembers(), type("m.room.encrypted")),
              WITH_SOUND),
          underride(
              ".m.rule.room_one_to_one", List.of(twoMembers(), type("m.room.message")), WITH_SOUND),
          underride(".m.rule.message", List.of(type("m.room.message")), QUIETLY),
          underride(".m.rule.encrypted", List.of(type("m.room.encrypted")), QUIETLY));

  /// Those that ask the same for all users, in their order.
  static final List<PushRule> OF_ALL =
      Stream.of(List.of(MASTER_RULE, SUPPRESS_NOTICES, MEMBER_EVENT), LAST_OVERRIDES, UNDERRIDE)
          .flatMap(List::stream)
          .toList();

  private DefaultPushRules() {}

  /// v1.7 to v1.16: "this rule is deprecated and should only be enabled if the event does not have
  /// an `m.mentions` property".
  static boolean isForEventsWithoutMentions(String id) {
    return switch (id) {
      case CONTAINS_DISPLAY_NAME, ROOM_NOTIFICATION, CONTAINS_USER_NAME -> true;
      default -> false;
    };
  }

  static List<PushRule> override(UserId user) {
    List<PushRule> rules = new ArrayList<>();
    rules.add(MASTER_RULE);
    rules.add(SUPPRESS_NOTICES);
    rules.add(
        PushRule.ofServer(
            PushRuleKind.OVERRIDE,
            ".m.rule.invite_for_me",
            List.of(
                type("m.room.member"),
                PushCondition.eventMatch("content.membership", "invite"),
                PushCondition.eventMatch("state_key", user.value())),
            WITH_SOUND));
    rules.add(MEMBER_EVENT);
    rules.add(
        PushRule.ofServer(
            PushRuleKind.OVERRIDE,
            ".m.rule.is_user_mention",
            List.of(
                new PushCondition.EventPropertyContains(
                    PropertyPath.parse("content.m\\.mentions.user_ids"),
                    TextNode.valueOf(user.value()))),
            MENTIONED));
    rules.add(DISPLAY_NAME);
    rules.addAll(LAST_OVERRIDES);
    return List.copyOf(rules);
  }

  static List<PushRule> content(UserId user) {
    // "Matches any message whose content contains the local part of the user's Matrix ID,
    // separated by word boundaries."
    return List.of(
        PushRule.ofServer(CONTAINS_USER_NAME, Glob.literal(user.localpart()), MENTIONED));
  }

  static List<PushRule> underride() {
    return UNDERRIDE;
  }

  private static PushRule override(
      String id, List<PushCondition> conditions, List<JsonNode> actions) {
    return PushRule.ofServerForAll(PushRuleKind.OVERRIDE, id, true, conditions, actions);
  }

  private static PushRule underride(
      String id, List<PushCondition> conditions, List<JsonNode> actions) {
    return PushRule.ofServerForAll(PushRuleKind.UNDERRIDE, id, true, conditions, actions);
  }

  private static PushCondition type(String type) {
    return PushCondition.eventMatch("type", type);
  }

  private static PushCondition twoMembers() {
    return PushCondition.RoomMemberCount.parse("2").orElseThrow();
  }

  private static JsonNode sound(String name) {
    return JsonNodeFactory.instance.objectNode().put("set_tweak", "sound").put("value", name);
  }
}
