package org.hearth.server.matrix.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// A push rule: for which events it is, and what to do about them.
///
/// **thread**: any; immutable, if nobody changes the nodes.
public final class PushRule implements RoomRule {
  private static final int BYTES = 300;

  private final PushRuleKind kind;
  private final String id;
  private final boolean enabled;
  private final List<PushCondition> conditions;
  private final @Nullable Glob pattern;
  private final PushActions actions;
  private final Scope scope;

  /// Whether it was one of the server's rules and a user has changed it.
  private final boolean changed;

  /// For whom its conditions are the same.
  private enum Scope {
    /// One of the server's that asks the same for all users.
    ALL,

    /// One of the server's that asks for the user's id, and is kept without.
    EACH,

    /// One that has its conditions itself.
    OWN
  }

  private PushRule(
      PushRuleKind kind,
      String id,
      boolean enabled,
      List<PushCondition> conditions,
      @Nullable Glob pattern,
      PushActions actions,
      Scope scope,
      boolean changed) {
    this.kind = kind;
    this.id = id;
    this.enabled = enabled;
    this.conditions = List.copyOf(conditions);
    this.pattern = pattern;
    this.actions = actions;
    this.scope = scope;
    this.changed = changed;
  }

  /// One of the server's own rules, of kind override or underride.
  static PushRule ofServer(
      PushRuleKind kind, String id, List<PushCondition> conditions, PushActions actions) {
    return new PushRule(kind, id, true, conditions, null, actions, Scope.OWN, false);
  }

  /// One of the server's own rules, of kind override or underride, whose conditions are the same
  /// for every user.
  static PushRule ofServerForAll(
      PushRuleKind kind,
      String id,
      boolean enabled,
      List<PushCondition> conditions,
      PushActions actions) {
    return new PushRule(kind, id, enabled, conditions, null, actions, Scope.ALL, false);
  }

  /// One of the server's own rules, which asks something else for each user: what
  /// [DefaultPushRules] says when [#of] is called.
  static PushRule ofServerForEach(PushRuleKind kind, String id, PushActions actions) {
    return new PushRule(kind, id, true, List.of(), null, actions, Scope.EACH, false);
  }

  /// The rule as that user has it.
  PushRule of(UserId user) {
    return scope == Scope.EACH
        ? new PushRule(
            kind,
            id,
            enabled,
            DefaultPushRules.conditions(id, user),
            DefaultPushRules.pattern(id, user),
            actions,
            Scope.OWN,
            changed)
        : this;
  }

  /// A rule that a user has written.
  ///
  /// @param json with `actions`, and as the kind wants it `conditions` or `pattern`; also
  ///   `enabled`, if the rule was stored
  /// @throws MatrixException `M_INVALID_PARAM` if the id begins with a dot or has a slash or
  ///   backslash; `M_MISSING_PARAM`, `M_BAD_JSON` if the JSON is not a rule of that kind
  public static PushRule parse(PushRuleKind kind, String id, ObjectNode json) {
    // "If the string starts with a dot ("."), the request MUST be rejected as this is reserved for
    // server-default rules. Slashes ("/") and backslashes ("\\") are also not allowed."
    if (id.isEmpty() || id.startsWith(".") || id.indexOf('/') >= 0 || id.indexOf('\\') >= 0) {
      throw MatrixException.invalidParam(
          "rule_id must not be empty, begin with a dot, or contain a slash or backslash");
    }
    List<PushCondition> conditions = List.of();
    Glob pattern = null;
    if (kind.hasConditions() && json.has("conditions")) {
      conditions = conditions(json.get("conditions"));
    }
    if (kind == PushRuleKind.CONTENT) {
      if (!json.has("pattern")) {
        throw MatrixException.missingParam("pattern");
      }
      if (!json.get("pattern").isTextual()) {
        throw MatrixException.badJson("pattern must be a string");
      }
      if (json.get("pattern").textValue().length() > Glob.MAX_LENGTH) {
        throw MatrixException.invalidParam(
            "pattern must not have more than %d characters".formatted(Glob.MAX_LENGTH));
      }
      pattern = Glob.of(json.get("pattern").textValue());
    }
    boolean enabled = json.path("enabled").asBoolean(true);
    PushActions actions = PushActions.of(actions(json.get("actions")));
    return new PushRule(kind, id, enabled, conditions, pattern, actions, Scope.OWN, false);
  }

  /// The actions that are written there.
  ///
  /// @throws MatrixException `M_MISSING_PARAM`, `M_BAD_JSON` if they are none
  static List<JsonNode> actions(@Nullable JsonNode json) {
    if (json == null) {
      throw MatrixException.missingParam("actions");
    }
    List<JsonNode> actions = new ArrayList<>();
    for (JsonNode action : json) {
      if (!PushActions.isAction(action)) {
        throw MatrixException.badJson("an action must be notify or an object with set_tweak");
      }
      actions.add(action);
    }
    if (!json.isArray()) {
      throw MatrixException.badJson("actions must be an array");
    }
    return actions;
  }

  private static List<PushCondition> conditions(JsonNode json) {
    List<PushCondition> conditions = new ArrayList<>();
    for (JsonNode condition : json) {
      if (!(condition instanceof ObjectNode object)) {
        throw MatrixException.badJson("a condition must be an object");
      }
      conditions.add(PushCondition.parse(object));
    }
    if (!json.isArray()) {
      throw MatrixException.badJson("conditions must be an array");
    }
    return conditions;
  }

  /// The kind of rule.
  public PushRuleKind kind() {
    return kind;
  }

  /// The name of the rule, unique in its kind.
  public String id() {
    return id;
  }

  /// True if it is one of the server's: "The `rule_id` for all server-default rules MUST start with
  /// a dot".
  public boolean isDefault() {
    return id.startsWith(".");
  }

  /// True if it is one of the server's, as the server has it.
  boolean isUnchanged() {
    return isDefault() && !changed;
  }

  /// The word for which it looks, folded, if it is a user's own and looks for nothing else; else
  /// null.
  @Nullable String word() {
    return kind == PushRuleKind.CONTENT && !isDefault() && pattern != null && pattern.isOneWord()
        ? pattern.part()
        : null;
  }

  @Override
  public long bytes() {
    if (isUnchanged()) {
      return 0;
    }
    long bytes = BYTES + id.length() + (pattern == null ? 0 : pattern.bytes());
    for (PushCondition each : conditions) {
      bytes += each.bytes();
    }
    return bytes + actions.bytes();
  }

  /// Whether it is enabled: "Disabled rules never match."
  public boolean isEnabled() {
    return enabled;
  }

  /// What it does, as clients write it.
  public List<JsonNode> actions() {
    return actions.written();
  }

  /// What it does, as it was understood.
  PushActions does() {
    return actions;
  }

  @Override
  public PushOutcome outcome() {
    return actions.outcome();
  }

  /// True if the rule is enabled and for this event.
  @Override
  public boolean matches(PushEvent event, @Nullable UserId user, @Nullable String displayName) {
    return enabled
        && switch (scope) {
          case ALL -> event.ofAll(id, each -> holds(each, null));
          case EACH -> user != null && of(user).holds(event, displayName);
          case OWN -> holds(event, displayName);
        };
  }

  /// Whether it is for no event of a room, whatever that is.
  boolean isForNone(RoomId room) {
    return !enabled
        || switch (kind) {
          case OVERRIDE, UNDERRIDE -> conditions.stream().anyMatch(each -> isNeverOf(each, room));
          case ROOM -> !id.equals(room.value());
          case CONTENT, SENDER -> false;
        };
  }

  private static boolean isNeverOf(PushCondition condition, RoomId room) {
    return switch (condition) {
      case PushCondition.EventMatch(var path, var glob) ->
          path.text().equals("room_id") && !glob.matches(room.value());
      case PushCondition.Unrecognized _ -> true;
      case PushCondition.EventPropertyIs _,
          PushCondition.EventPropertyContains _,
          PushCondition.ContainsDisplayName _,
          PushCondition.RoomMemberCount _,
          PushCondition.SenderNotificationPermission _ ->
          false;
    };
  }

  /// Whether it is for every event of a room, whatever that is.
  boolean isForAll(RoomId room) {
    return enabled
        && scope != Scope.EACH
        && switch (kind) {
          case OVERRIDE, UNDERRIDE -> conditions.stream().allMatch(each -> isOf(each, room));
          case ROOM -> id.equals(room.value());
          case CONTENT, SENDER -> false;
        };
  }

  /// Whether it looks for the user's display name.
  boolean looksForName() {
    return conditions.stream().anyMatch(PushCondition.ContainsDisplayName.class::isInstance);
  }

  private boolean holds(PushEvent asked, @Nullable String displayName) {
    Pdu event = asked.event();
    boolean isOutdated =
        DefaultPushRules.isForEventsWithoutMentions(id) && event.content().has("m.mentions");
    return !isOutdated
        && switch (kind) {
          // "All conditions must hold true for an event in order for the rule to match. A rule with
          // no conditions always matches."
          case OVERRIDE, UNDERRIDE -> allHold(asked, displayName);
          case CONTENT -> pattern != null && isInBody(asked, pattern);
          // "In the cases of `room` and `sender` rules, the `rule_id` of the rule determines its
          // behaviour."
          case ROOM -> event.roomId().value().equals(id);
          case SENDER -> event.sender().value().equals(id);
        };
  }

  private boolean allHold(PushEvent asked, @Nullable String displayName) {
    for (PushCondition each : conditions) {
      if (!each.holds(asked, displayName)) {
        return false;
      }
    }
    return true;
  }

  private boolean isInBody(PushEvent asked, Glob glob) {
    return isDefault() ? asked.hasNameInBody(glob) : asked.hasInBody(glob);
  }

  PushRule withEnabled(boolean wanted) {
    return wanted == enabled
        ? this
        : new PushRule(kind, id, wanted, conditions, pattern, actions, scope, true);
  }

  /// With other actions; the same rule if they are no others, so that users share what they have
  /// not changed.
  PushRule withActions(List<JsonNode> wanted) {
    return wanted.equals(actions.written())
        ? this
        : new PushRule(kind, id, enabled, conditions, pattern, PushActions.of(wanted), scope, true);
  }

  /// The rule for the room that replaces one; empty if this rule is for no such room.
  Optional<PushRule> forReplacement(RoomId from, RoomId to) {
    boolean isOfRoom =
        switch (kind) {
          case ROOM -> id.equals(from.value());
          case OVERRIDE, UNDERRIDE -> conditions.stream().anyMatch(each -> isOf(each, from));
          case CONTENT, SENDER -> false;
        };
    String changedId =
        id.contains(from.value()) ? id.replace(from.value(), to.value()) : id + " " + to.value();
    if (!isOfRoom || changedId.indexOf('/') >= 0) {
      return Optional.empty();
    }
    List<PushCondition> changed =
        conditions.stream()
            .map(each -> isOf(each, from) ? PushCondition.eventMatch("room_id", to.value()) : each)
            .toList();
    return Optional.of(
        new PushRule(kind, changedId, enabled, changed, pattern, actions, Scope.OWN, false));
  }

  private static boolean isOf(PushCondition condition, RoomId room) {
    return condition instanceof PushCondition.EventMatch(var path, var glob)
        && path.text().equals("room_id")
        && glob.pattern().equals(room.value());
  }

  /// The rule as clients write it.
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putArray("actions").addAll(actions.written());
    if (kind.hasConditions()) {
      ArrayNode array = json.putArray("conditions");
      conditions.forEach(each -> array.add(each.toJson()));
    }
    json.put("default", isDefault());
    json.put("enabled", enabled);
    if (pattern != null) {
      json.put("pattern", pattern.pattern());
    }
    return json.put("rule_id", id);
  }

  @Override
  public String toString() {
    return kind.word() + "/" + id;
  }
}
