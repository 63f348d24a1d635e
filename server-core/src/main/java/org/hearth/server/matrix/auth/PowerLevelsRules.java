package org.hearth.server.matrix.auth;

import static org.hearth.server.matrix.auth.AuthVerdict.rejected;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.version.RoomRule;

/// Rule 10 (9 in versions 6 to 11), of `m.room.power_levels`, numbered as in version 12.
final class PowerLevelsRules {
  private static final List<String> PROPERTIES =
      List.of(
          "users_default", "events_default", "state_default", "ban", "redact", "kick", "invite");

  private final Judgement judgement;
  private final JsonNode content;
  private final List<String> maps;

  private PowerLevelsRules(Judgement judgement) {
    this.judgement = judgement;
    this.content = judgement.event().content();
    // v1-v5: "the events property"; v6-v12: "the events or notifications properties".
    this.maps =
        judgement.has(RoomRule.NOTIFICATION_LEVELS_CHECKED)
            ? List.of("events", "notifications")
            : List.of("events");
  }

  static AuthVerdict check(Judgement judgement) {
    PowerLevelsRules rules = new PowerLevelsRules(judgement);
    AuthVerdict form = rules.checkForm();
    return form.isAllowed() ? rules.checkChanges() : form;
  }

  private AuthVerdict checkForm() {
    // v10-v12, 10.1: "If any of the properties users_default, events_default, state_default, ban,
    // redact, kick, or invite in content are present and not an integer, reject."
    // v1-v9: a value that is a level in none of the ways in which those versions write one.
    for (String property : PROPERTIES) {
      if (content.has(property) && read(content.path(property)).isEmpty()) {
        return rejected(AuthRule.POWER_LEVELS_NOT_INTEGER, property + " is not an integer");
      }
    }

    // v10-v12, 10.2: "If either of the properties events or notifications in content are present
    // and not an object with values that are integers, reject."
    // v1-v9: as above.
    for (String map : maps) {
      if (content.has(map) && !isObjectOfLevels(content.path(map))) {
        return rejected(
            AuthRule.POWER_LEVELS_ENTRY_NOT_INTEGER, map + " is not an object of integers");
      }
    }

    // v10-v12, 10.3: "If the users property in content is not an object with keys that are valid
    // user IDs with values that are integers, reject."
    // v1-v9, 10.3: "[...] with values that are integers (or a string that is an integer), reject."
    JsonNode users = content.path("users");
    if (!users.isMissingNode()) {
      if (!isObjectOfLevels(users)) {
        return rejected(
            AuthRule.POWER_LEVELS_USERS_MALFORMED, "users is not an object of integers");
      }
      for (Map.Entry<String, JsonNode> user : users.properties()) {
        if (Json.user(user.getKey()).isEmpty()) {
          return rejected(AuthRule.POWER_LEVELS_USERS_MALFORMED, "no user id: " + user.getKey());
        }
      }
    }

    // v12, 10.4: "If the users property in content contains the sender of the m.room.create event
    // or any of the additional_creators array (if present) from the content of the m.room.create
    // event, reject."
    if (judgement.has(RoomRule.PRIVILEGED_CREATORS)) {
      for (String creator : RoomCreators.of(judgement.create())) {
        if (users.has(creator)) {
          return rejected(
              AuthRule.POWER_LEVELS_NAME_CREATOR,
              creator
                  + " created the room and so may do everything in it; power levels must not list"
                  + " creators");
        }
      }
    }
    return AuthVerdict.allowed();
  }

  private AuthVerdict checkChanges() {
    // v1-v12, 10.5: "If there is no previous m.room.power_levels event in the room, allow."
    Optional<Pdu> previous = judgement.state().get(StateKey.of(EventTypes.POWER_LEVELS));
    if (previous.isEmpty()) {
      return AuthVerdict.allowed();
    }
    JsonNode before = previous.get().content();
    long own = judgement.senderLevel();

    // v1-v12, 10.6: "For the properties users_default, events_default, state_default, ban, redact,
    // kick, invite check if they were added, changed or removed. For each found alteration:"
    for (String property : PROPERTIES) {
      Change change = change(before, content, property);
      if (change.isNone()) {
        continue;
      }
      // v1-v12, 10.6.1: "If the current value is higher than the sender's current power level,
      // reject."
      if (change.currentIsAbove(own)) {
        return refused(AuthRule.POWER_LEVELS_CURRENT_LEVEL, change);
      }
      // v1-v12, 10.6.2: "If the new value is higher than the sender's current power level, reject."
      if (change.newIsAbove(own)) {
        return refused(AuthRule.POWER_LEVELS_NEW_LEVEL, change);
      }
    }

    // v1-v5, 10.7: "For each entry being changed in, or removed from, the events property: If the
    // current value is greater than the sender's current power level, reject."
    // v6-v12, 10.7: "[...] the events or notifications properties [...]"
    for (String map : maps) {
      for (Change change : changes(before.path(map), content.path(map))) {
        if (change.currentIsAbove(own)) {
          return refused(AuthRule.POWER_LEVELS_CURRENT_ENTRY, change);
        }
      }
    }

    // v1-v5, 10.8: "For each entry being added to, or changed in, the events property: If the new
    // value is greater than the sender's current power level, reject."
    // v6-v12, 10.8: "[...] the events or notifications properties [...]"
    for (String map : maps) {
      for (Change change : changes(before.path(map), content.path(map))) {
        if (change.newIsAbove(own)) {
          return refused(AuthRule.POWER_LEVELS_NEW_ENTRY, change);
        }
      }
    }

    // v1-v12, 10.9: "For each entry being changed in, or removed from, the users property, other
    // than the sender's own entry: If the current value is greater than or equal to the sender's
    // current power level, reject."
    List<Change> users = changes(before.path("users"), content.path("users"));
    for (Change change : users) {
      boolean ownEntry = change.name().equals(judgement.sender().value());
      if (!ownEntry && (change.currentIsAbove(own) || change.currentIs(own))) {
        return refused(AuthRule.POWER_LEVELS_CURRENT_USER, change);
      }
    }

    // v1-v12, 10.10: "For each entry being added to, or changed in, the users property: If the new
    // value is greater than the sender's current power level, reject."
    for (Change change : users) {
      if (change.newIsAbove(own)) {
        return refused(AuthRule.POWER_LEVELS_NEW_USER, change);
      }
    }

    // v1-v12, 10.11: "Otherwise, allow."
    return AuthVerdict.allowed();
  }

  /// What became of one level.
  private record Change(String name, OptionalLong current, OptionalLong changed) {
    boolean isNone() {
      return current.equals(changed);
    }

    boolean currentIsAbove(long level) {
      return current.isPresent() && current.getAsLong() > level;
    }

    boolean currentIs(long level) {
      return current.isPresent() && current.getAsLong() == level;
    }

    boolean newIsAbove(long level) {
      return changed.isPresent() && changed.getAsLong() > level;
    }
  }

  private Change change(JsonNode before, JsonNode after, String name) {
    return new Change(name, read(before.path(name)), read(after.path(name)));
  }

  private List<Change> changes(JsonNode before, JsonNode after) {
    Set<String> names = new LinkedHashSet<>();
    before.fieldNames().forEachRemaining(names::add);
    after.fieldNames().forEachRemaining(names::add);
    return names.stream()
        .map(name -> change(before, after, name))
        .filter(change -> !change.isNone())
        .toList();
  }

  private boolean isObjectOfLevels(JsonNode value) {
    if (!value.isObject()) {
      return false;
    }
    for (JsonNode each : value) {
      if (read(each).isEmpty()) {
        return false;
      }
    }
    return true;
  }

  private OptionalLong read(JsonNode value) {
    return Levels.read(value, judgement.version());
  }

  private AuthVerdict refused(AuthRule rule, Change change) {
    return rejected(
        rule,
        "%s with level %s changes %s from %s to %s"
            .formatted(
                judgement.sender(),
                Judgement.inWords(judgement.senderLevel()),
                change.name(),
                inWords(change.current()),
                inWords(change.changed())));
  }

  private static String inWords(OptionalLong level) {
    return level.isPresent() ? Long.toString(level.getAsLong()) : "nothing";
  }
}
