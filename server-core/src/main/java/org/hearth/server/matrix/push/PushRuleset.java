package org.hearth.server.matrix.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// All push rules of a user: the server's defaults, the user's changes of them, and the user's own.
/// Every change gives a new ruleset.
///
/// **shape**: by kind, the most important first. "They operate at a lower priority than
/// "user-defined rules", except for the `.m.rule.master` rule which has always a higher priority
/// than any other".
///
/// **thread**: any; immutable.
public final class PushRuleset {
  static final Map<PushRuleKind, List<PushRule>> DEFAULTS =
      Collections.unmodifiableMap(
          new EnumMap<>(
              Map.of(
                  PushRuleKind.OVERRIDE, DefaultPushRules.OVERRIDE,
                  PushRuleKind.CONTENT, DefaultPushRules.CONTENT,
                  PushRuleKind.ROOM, List.of(),
                  PushRuleKind.SENDER, List.of(),
                  PushRuleKind.UNDERRIDE, DefaultPushRules.UNDERRIDE)));

  private final UserId user;

  /// Those of the server's that look for the user's id are [PushRule#of] the user only when they
  /// are given away, so that users share what they have not changed.
  private final Map<PushRuleKind, List<PushRule>> rules;

  private PushRuleset(UserId user, Map<PushRuleKind, List<PushRule>> rules) {
    this.user = user;
    this.rules = rules;
  }

  /// The defaults for that user.
  public static PushRuleset defaults(UserId user) {
    return new PushRuleset(user, DEFAULTS);
  }

  /// The ruleset that was stored by [#toJson], with the defaults of today: of a default rule only
  /// what a user can change is taken from what was stored.
  ///
  /// @throws MatrixException if a rule of the user is none
  public static PushRuleset restore(UserId user, JsonNode stored) {
    PushRuleset ruleset = defaults(user);
    for (PushRuleKind kind : PushRuleKind.values()) {
      List<PushRule> own = new ArrayList<>();
      for (JsonNode each : stored.path(kind.word())) {
        String id = each.path("rule_id").asText();
        if (!id.startsWith(".")) {
          own.add(PushRule.parse(kind, id, (ObjectNode) each));
        } else if (ruleset.rule(kind, id).isPresent()) {
          ruleset =
              ruleset
                  .withEnabled(kind, id, each.path("enabled").asBoolean(true))
                  .withActions(kind, id, each.path("actions"));
        }
      }
      ruleset = ruleset.with(kind, own, ruleset.defaultsOf(kind));
    }
    return ruleset;
  }

  /// What is to be done about the event for the user whose rules they are.
  ///
  /// @param displayName of that user in the room, if there is one
  public PushOutcome evaluate(PushEvent event, @Nullable String displayName) {
    // "Homeservers MUST NOT notify the Push Gateway for events that the user has sent themselves."
    if (event.event().sender().equals(user)) {
      return PushOutcome.NOTHING;
    }
    // "If no rules match an event, the homeserver MUST NOT notify the Push Gateway for that event."
    PushRule rule = match(event, displayName);
    return rule == null ? PushOutcome.NOTHING : rule.outcome();
  }

  /// About what the rules take in memory that are no unchanged default ones.
  public long bytes() {
    return rules.values().stream().flatMap(List::stream).mapToLong(PushRule::bytes).sum();
  }

  /// Whether the user has no rules but the default ones, and has not changed these.
  public boolean isDefault() {
    return rules.values().stream().flatMap(List::stream).allMatch(PushRule::isUnchanged);
  }

  /// The most important enabled rule that is for the event; null for none.
  private @Nullable PushRule match(PushEvent event, @Nullable String displayName) {
    event.begin();
    for (List<PushRule> ofKind : rules.values()) {
      for (PushRule rule : ofKind) {
        if (rule.matches(event, user, displayName)) {
          return rule;
        }
      }
    }
    return null;
  }

  /// The rules of a kind, the most important first.
  public List<PushRule> rules(PushRuleKind kind) {
    return shared(kind).stream().map(each -> each.of(user)).toList();
  }

  /// The rule of that name.
  public Optional<PushRule> rule(PushRuleKind kind, String id) {
    return find(kind, id).map(each -> each.of(user));
  }

  /// What of the rules matters in that room.
  public RoomPushRules in(RoomId room) {
    return RoomPushRules.of(rules.values().stream().flatMap(List::stream).toList(), room);
  }

  private List<PushRule> shared(PushRuleKind kind) {
    return rules.getOrDefault(kind, List.of());
  }

  private Optional<PushRule> find(PushRuleKind kind, String id) {
    return shared(kind).stream().filter(each -> each.id().equals(id)).findFirst();
  }

  /// With that rule of the user added, or changed if there is one of its name.
  ///
  /// @param before the rule that it is to be next more important to; goes before `after`
  /// @param after the rule that it is to be next less important to
  /// @throws MatrixException `M_NOT_FOUND` if there is no rule `before` or `after`;
  ///   `M_INVALID_PARAM` if that is a default rule: "It is not possible to add a rule relative to a
  ///   predefined server rule."
  public PushRuleset withRule(PushRule rule, @Nullable String before, @Nullable String after) {
    PushRuleKind kind = rule.kind();
    List<PushRule> own = new ArrayList<>(ownOf(kind));
    int place = indexOf(own, rule.id());
    PushRule added = rule;
    if (place >= 0) {
      // A rule that is changed stays enabled or disabled; new ones "MUST be enabled by default".
      added = rule.withEnabled(own.remove(place).isEnabled());
    }
    if (before != null) {
      place = neighbour(own, kind, before);
    } else if (after != null) {
      place = neighbour(own, kind, after) + 1;
    }
    // "If neither `after` nor `before` are provided and the rule is created, it should be added as
    // the most important user defined rule among rules of the same kind."
    own.add(Math.max(0, place), added);
    return with(kind, own, defaultsOf(kind));
  }

  /// Without that rule of the user.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if there is none; `M_INVALID_PARAM` if it is a default
  ///   rule
  public PushRuleset withoutRule(PushRuleKind kind, String id) {
    if (known(kind, id).isDefault()) {
      throw MatrixException.invalidParam("Default rules cannot be deleted, only disabled");
    }
    List<PushRule> own = new ArrayList<>(ownOf(kind));
    own.removeIf(each -> each.id().equals(id));
    return with(kind, own, defaultsOf(kind));
  }

  /// With that rule enabled or disabled.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if there is none
  public PushRuleset withEnabled(PushRuleKind kind, String id, boolean enabled) {
    return changed(known(kind, id), rule -> rule.withEnabled(enabled));
  }

  /// With other actions of that rule: "This can be used to change the actions of builtin rules."
  ///
  /// @throws MatrixException `M_NOT_FOUND` if there is no such rule; `M_BAD_JSON` if these are no
  ///   actions
  public PushRuleset withActions(PushRuleKind kind, String id, JsonNode actions) {
    List<JsonNode> parsed = PushRule.actions(actions);
    return changed(known(kind, id), rule -> rule.withActions(parsed));
  }

  /// With a copy of each rule of a room, next after it, for the room that replaces that one. Rules
  /// that are there already stay as they are.
  public PushRuleset withReplacement(RoomId from, RoomId to) {
    PushRuleset ruleset = this;
    for (PushRuleKind kind : PushRuleKind.values()) {
      for (PushRule each : ownOf(kind)) {
        Optional<PushRule> copy = each.forReplacement(from, to);
        if (copy.isPresent() && rule(kind, copy.get().id()).isEmpty()) {
          ruleset = ruleset.withRule(copy.get(), null, each.id());
        }
      }
    }
    return ruleset;
  }

  /// The ruleset as clients see it below `global`.
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    for (PushRuleKind kind : rules.keySet()) {
      ArrayNode array = json.putArray(kind.word());
      rules(kind).forEach(rule -> array.add(rule.toJson()));
    }
    return json;
  }

  private PushRule known(PushRuleKind kind, String id) {
    return find(kind, id).orElseThrow(() -> MatrixException.notFound("There is no such push rule"));
  }

  private PushRuleset changed(PushRule rule, UnaryOperator<PushRule> change) {
    PushRule after = change.apply(rule);
    if (after == rule) {
      return this;
    }
    Map<PushRuleKind, List<PushRule>> changed = new EnumMap<>(rules);
    changed.put(
        rule.kind(),
        shared(rule.kind()).stream()
            .map(each -> each.id().equals(rule.id()) ? after : each)
            .toList());
    return new PushRuleset(user, changed);
  }

  private List<PushRule> ownOf(PushRuleKind kind) {
    return shared(kind).stream().filter(each -> !each.isDefault()).toList();
  }

  private List<PushRule> defaultsOf(PushRuleKind kind) {
    return shared(kind).stream().filter(PushRule::isDefault).toList();
  }

  private PushRuleset with(PushRuleKind kind, List<PushRule> own, List<PushRule> defaults) {
    List<PushRule> ordered = new ArrayList<>();
    defaults.stream()
        .filter(each -> each.id().equals(DefaultPushRules.MASTER))
        .forEach(ordered::add);
    ordered.addAll(own);
    defaults.stream()
        .filter(each -> !each.id().equals(DefaultPushRules.MASTER))
        .forEach(ordered::add);
    Map<PushRuleKind, List<PushRule>> changed = new EnumMap<>(rules);
    changed.put(kind, List.copyOf(ordered));
    return new PushRuleset(user, changed);
  }

  private int neighbour(List<PushRule> own, PushRuleKind kind, String id) {
    if (known(kind, id).isDefault()) {
      throw MatrixException.invalidParam("A rule cannot be placed relative to a default rule");
    }
    int index = indexOf(own, id);
    if (index < 0) {
      throw MatrixException.invalidParam("A rule cannot be placed relative to itself");
    }
    return index;
  }

  private static int indexOf(List<PushRule> rules, String id) {
    for (int i = 0; i < rules.size(); i++) {
      if (rules.get(i).id().equals(id)) {
        return i;
      }
    }
    return -1;
  }
}
