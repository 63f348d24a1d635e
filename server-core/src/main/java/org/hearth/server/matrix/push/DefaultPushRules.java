package org.hearth.server.matrix.push;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.stream.Stream;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

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

  private static final String INVITE_FOR_ME = ".m.rule.invite_for_me";
  private static final String IS_USER_MENTION = ".m.rule.is_user_mention";
  private static final String CONTAINS_DISPLAY_NAME = ".m.rule.contains_display_name";
  private static final String ROOM_NOTIFICATION = ".m.rule.roomnotif";
  private static final String CONTAINS_USER_NAME = ".m.rule.contains_user_name";

  /// "Matches all events. This can be enabled to turn off all push notifications. By default this
  /// rule is disabled."
  private static final PushRule MASTER_RULE =
      PushRule.ofServerForAll(PushRuleKind.OVERRIDE, MASTER, false, List.of(), PushActions.NOTHING);

  private static final PushRule SUPPRESS_NOTICES =
      override(
          ".m.rule.suppress_notices",
          List.of(PushCondition.eventMatch("content.msgtype", "m.notice")),
          PushActions.NOTHING);

  private static final PushRule MEMBER_EVENT =
      override(".m.rule.member_event", List.of(type("m.room.member")), PushActions.NOTHING);

  private static final PushCondition IS_OF_MEMBER = type("m.room.member");
  private static final PushCondition IS_INVITE =
      PushCondition.eventMatch("content.membership", "invite");
  private static final PropertyPath STATE_KEY = PropertyPath.parse("state_key");
  private static final PropertyPath MENTIONED_USERS =
      PropertyPath.parse("content.m\\.mentions.user_ids");

  /// "Matches any message whose content contains the user's current display name in the room in
  /// which it was sent."
  private static final PushRule DISPLAY_NAME =
      PushRule.ofServer(
          PushRuleKind.OVERRIDE,
          CONTAINS_DISPLAY_NAME,
          List.of(new PushCondition.ContainsDisplayName()),
          PushActions.MENTIONED);

  /// Those behind the last that is another for each user.
  private static final List<PushRule> LAST_OVERRIDES =
      List.of(
          override(
              ".m.rule.is_room_mention",
              List.of(
                  new PushCondition.EventPropertyIs(
                      PropertyPath.parse("content.m\\.mentions.room"), BooleanNode.TRUE),
                  new PushCondition.SenderNotificationPermission("room")),
              PushActions.HIGHLIGHTED),
          // "Matches any message whose content contains the text `@room`, signifying the whole room
          // should be notified of the event."
          override(
              ROOM_NOTIFICATION,
              List.of(
                  PushCondition.eventMatch("content.body", "@room"),
                  new PushCondition.SenderNotificationPermission("room")),
              PushActions.HIGHLIGHTED),
          override(
              ".m.rule.tombstone",
              List.of(type("m.room.tombstone"), PushCondition.eventMatch("state_key", "")),
              PushActions.HIGHLIGHTED),
          override(".m.rule.reaction", List.of(type("m.reaction")), PushActions.NOTHING),
          override(
              ".m.rule.room.server_acl",
              List.of(type("m.room.server_acl"), PushCondition.eventMatch("state_key", "")),
              PushActions.NOTHING),
          override(
              ".m.rule.suppress_edits",
              List.of(
                  new PushCondition.EventPropertyIs(
                      PropertyPath.parse("content.m\\.relates_to.rel_type"),
                      TextNode.valueOf("m.replace"))),
              PushActions.NOTHING));

  static final List<PushRule> OVERRIDE =
      Stream.of(
              List.of(
                  MASTER_RULE,
                  SUPPRESS_NOTICES,
                  PushRule.ofServerForEach(
                      PushRuleKind.OVERRIDE, INVITE_FOR_ME, PushActions.WITH_SOUND),
                  MEMBER_EVENT,
                  PushRule.ofServerForEach(
                      PushRuleKind.OVERRIDE, IS_USER_MENTION, PushActions.MENTIONED),
                  DISPLAY_NAME),
              LAST_OVERRIDES)
          .flatMap(List::stream)
          .toList();

  static final List<PushRule> CONTENT =
      List.of(
          PushRule.ofServerForEach(
              PushRuleKind.CONTENT, CONTAINS_USER_NAME, PushActions.MENTIONED));

  static final List<PushRule> UNDERRIDE =
      List.of(
          underride(".m.rule.call", List.of(type("m.call.invite")), PushActions.RINGING),
          underride(
              ".m.rule.encrypted_room_one_to_one",
              List.of(twoMembers(), type("m.room.encrypted")),
              PushActions.WITH_SOUND),
          underride(
              ".m.rule.room_one_to_one",
              List.of(twoMembers(), type("m.room.message")),
              PushActions.WITH_SOUND),
          underride(".m.rule.message", List.of(type("m.room.message")), PushActions.QUIETLY),
          underride(".m.rule.encrypted", List.of(type("m.room.encrypted")), PushActions.QUIETLY));

  private DefaultPushRules() {}

  /// v1.7 to v1.16: "this rule is deprecated and should only be enabled if the event does not have
  /// an `m.mentions` property".
  static boolean isForEventsWithoutMentions(String id) {
    return switch (id) {
      case CONTAINS_DISPLAY_NAME, ROOM_NOTIFICATION, CONTAINS_USER_NAME -> true;
      default -> false;
    };
  }

  /// The conditions that a rule has for a user, which looks for the user's id.
  static List<PushCondition> conditions(String id, UserId user) {
    return switch (id) {
      case INVITE_FOR_ME ->
          List.of(
              IS_OF_MEMBER,
              IS_INVITE,
              new PushCondition.EventMatch(STATE_KEY, Glob.of(user.value())));
      case IS_USER_MENTION ->
          List.of(
              new PushCondition.EventPropertyContains(
                  MENTIONED_USERS, TextNode.valueOf(user.value())));
      default -> List.of();
    };
  }

  /// "Matches any message whose content contains the local part of the user's Matrix ID, separated
  /// by word boundaries."
  static @Nullable Glob pattern(String id, UserId user) {
    return id.equals(CONTAINS_USER_NAME) ? Glob.literal(user.localpart()) : null;
  }

  private static PushRule override(String id, List<PushCondition> conditions, PushActions actions) {
    return PushRule.ofServerForAll(PushRuleKind.OVERRIDE, id, true, conditions, actions);
  }

  private static PushRule underride(
      String id, List<PushCondition> conditions, PushActions actions) {
    return PushRule.ofServerForAll(PushRuleKind.UNDERRIDE, id, true, conditions, actions);
  }

  private static PushCondition type(String type) {
    return PushCondition.eventMatch("type", type);
  }

  private static PushCondition twoMembers() {
    return PushCondition.RoomMemberCount.parse("2").orElseThrow();
  }
}
