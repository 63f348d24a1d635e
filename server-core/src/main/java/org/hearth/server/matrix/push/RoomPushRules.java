package org.hearth.server.matrix.push;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// What of a user's push rules matters in one room: those that may be for an event there, in the
/// order in which they are asked, up to one that is for all. It has nothing of the user: those for
/// whom [#toJson] is the same may share it.
///
/// **thread**: any; immutable.
public final class RoomPushRules {
  /// Those of a user who has nothing but the unchanged default rules.
  public static final RoomPushRules DEFAULTS =
      new RoomPushRules(
          PushRuleset.DEFAULTS.values().stream()
              .flatMap(List::stream)
              .filter(PushRule::isEnabled)
              .toList());

  private static final int PLACE_BYTES = 8;

  private final List<RoomRule> rules;
  private final boolean looksForName;
  private final long bytes;

  private RoomPushRules(List<PushRule> rules) {
    this.rules = together(rules);
    this.looksForName = rules.stream().anyMatch(each -> !each.isDefault() && each.looksForName());
    this.bytes = this.rules.stream().mapToLong(each -> PLACE_BYTES + each.bytes()).sum();
  }

  /// The rules, of which those that look for words are asked together as far as that is the same.
  private static List<RoomRule> together(List<PushRule> enabled) {
    List<RoomRule> all = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (int i = 0; i < enabled.size(); i++) {
      PushRule rule = enabled.get(i);
      String word = rule.word();
      if (word == null) {
        all.add(rule);
        continue;
      }
      words.add(word);
      PushRule next = i + 1 < enabled.size() ? enabled.get(i + 1) : rule;
      if (next == rule || next.word() == null || !next.does().equals(rule.does())) {
        all.add(new Keywords(words, rule.does()));
        words.clear();
      }
    }
    return List.copyOf(all);
  }

  /// Those of some rules.
  ///
  /// @param all in the order in which they are asked
  static RoomPushRules of(List<PushRule> all, RoomId room) {
    List<PushRule> rules = new ArrayList<>();
    for (PushRule each : all) {
      if (!each.isForNone(room)) {
        rules.add(each);
      }
      if (each.isForAll(room)) {
        break;
      }
    }
    return new RoomPushRules(rules);
  }

  /// What is to be done about the event for a user who has them.
  ///
  /// @param event of the room
  /// @param displayName of that user in the room, if there is one
  public PushOutcome evaluate(PushEvent event, UserId user, @Nullable String displayName) {
    return event.event().sender().equals(user)
        ? PushOutcome.NOTHING
        : match(event, user, displayName);
  }

  /// What they say for all users who have them and whom the event does not name, if they do not
  /// [#looksForName]. It may name those whose id is in its `m.mentions` or is its state key, and
  /// where it says nothing of mentions those whose display name or local part is in its body.
  public PushOutcome ofUnnamed(PushEvent event) {
    return match(event, null, null);
  }

  private PushOutcome match(PushEvent event, @Nullable UserId user, @Nullable String displayName) {
    event.begin();
    for (RoomRule rule : rules) {
      if (rule.matches(event, user, displayName)) {
        return rule.outcome();
      }
    }
    return PushOutcome.NOTHING;
  }

  /// Whether a rule of the user's own looks for the display name, also where the event says whom it
  /// mentions.
  public boolean looksForName() {
    return looksForName;
  }

  /// Whether they are none but the unchanged default rules.
  public boolean isDefault() {
    return rules.equals(DEFAULTS.rules);
  }

  /// About what they take in memory that no others share.
  public long bytes() {
    return bytes;
  }

  /// All that they say: of the server's rules that are unchanged the id.
  public ArrayNode toJson() {
    ArrayNode json = JsonNodeFactory.instance.arrayNode();
    for (RoomRule each : rules) {
      switch (each) {
        case PushRule rule when rule.isUnchanged() -> json.add(rule.id());
        case PushRule rule -> json.add(rule.toJson().put("kind", rule.kind().word()));
        case Keywords(var words, var actions) -> {
          ObjectNode keywords = json.addObject();
          words.forEach(keywords.putArray("words")::add);
          actions.written().forEach(keywords.putArray("actions")::add);
        }
      }
    }
    return json;
  }
}
