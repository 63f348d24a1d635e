package org.hearth.server.matrix.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.json.MatrixJson;
import org.jspecify.annotations.Nullable;

/// A condition of a rule.
///
/// Source: [Conditions](https://spec.matrix.org/v1.19/client-server-api/#conditions-1).
sealed interface PushCondition {
  /// True if the condition holds for the event.
  ///
  /// @param displayName of the user in the room, if there is one
  boolean holds(PushEvent event, @Nullable String displayName);

  /// The condition as clients write it.
  ObjectNode toJson();

  /// About what it takes in memory.
  default long bytes() {
    long json = MatrixJson.treeBytes(toJson());
    return switch (this) {
      case EventMatch(var path, var glob) -> json + path.bytes() + glob.bytes();
      case EventPropertyIs(var path, _) -> json + path.bytes();
      case EventPropertyContains(var path, _) -> json + path.bytes();
      case ContainsDisplayName _,
          RoomMemberCount _,
          SenderNotificationPermission _,
          Unrecognized _ ->
          json;
    };
  }

  /// The condition that is written there. Whatever is not understood, or has not what its kind
  /// needs, is kept as it is and never holds.
  static PushCondition parse(ObjectNode json) {
    String key = json.path("key").textValue();
    String pattern = json.path("pattern").textValue();
    PushCondition condition =
        switch (json.path("kind").asText()) {
          case "event_match" ->
              key == null || pattern == null || pattern.length() > Glob.MAX_LENGTH
                  ? null
                  : eventMatch(key, pattern);
          case "event_property_is" ->
              key == null || !isScalar(json.get("value"))
                  ? null
                  : new EventPropertyIs(PropertyPath.parse(key), json.get("value"));
          case "event_property_contains" ->
              key == null || !isScalar(json.get("value"))
                  ? null
                  : new EventPropertyContains(PropertyPath.parse(key), json.get("value"));
          case "contains_display_name" -> new ContainsDisplayName();
          case "room_member_count" -> RoomMemberCount.parse(json.path("is").asText()).orElse(null);
          case "sender_notification_permission" ->
              key == null ? null : new SenderNotificationPermission(key);
          default -> null;
        };
    return condition == null ? new Unrecognized(json) : condition;
  }

  static EventMatch eventMatch(String key, String pattern) {
    return new EventMatch(PropertyPath.parse(key), Glob.of(pattern));
  }

  /// `event_match`: "a glob pattern match on a property of the event".
  record EventMatch(PropertyPath path, Glob glob) implements PushCondition {
    @Override
    public boolean holds(PushEvent event, @Nullable String displayName) {
      // "If the property specified by `key` is completely absent from the event, or does not have a
      // string value, then the condition will not match, even if `pattern` is `*`."
      Optional<String> value =
          event.property(path).filter(JsonNode::isTextual).map(JsonNode::textValue);
      // "As a special case, if `key` is `content.body`, then `pattern` must instead match any
      // substring of the value of the property which starts and ends at a word boundary."
      return path.text().equals("content.body")
          ? event.hasInBody(glob)
          : value
              .filter(text -> glob.isPlain() || event.mayMatch(glob, text))
              .filter(glob::matches)
              .isPresent();
    }

    @Override
    public ObjectNode toJson() {
      return kind("event_match").put("key", path.text()).put("pattern", glob.pattern());
    }
  }

  /// `event_property_is`: "an exact value match on a property of the event".
  record EventPropertyIs(PropertyPath path, JsonNode value) implements PushCondition {
    @Override
    public boolean holds(PushEvent event, @Nullable String displayName) {
      return event.property(path).filter(found -> isSame(found, value)).isPresent();
    }

    @Override
    public ObjectNode toJson() {
      return kind("event_property_is").put("key", path.text()).set("value", value);
    }
  }

  /// `event_property_contains`: "matches if an array property of an event exactly contains a
  /// value".
  record EventPropertyContains(PropertyPath path, JsonNode value) implements PushCondition {
    @Override
    public boolean holds(PushEvent event, @Nullable String displayName) {
      Optional<JsonNode> array = event.property(path).filter(JsonNode::isArray);
      if (array.isPresent()) {
        for (JsonNode each : array.get()) {
          if (isSame(each, value)) {
            return true;
          }
        }
      }
      return false;
    }

    @Override
    public ObjectNode toJson() {
      return kind("event_property_contains").put("key", path.text()).set("value", value);
    }
  }

  /// `contains_display_name`: "messages where `content.body` contains the owner's display name in
  /// that room".
  record ContainsDisplayName() implements PushCondition {
    @Override
    public boolean holds(PushEvent event, @Nullable String displayName) {
      return displayName != null
          && !displayName.isBlank()
          && displayName.length() <= Glob.MAX_LENGTH
          && event.hasNameInBody(Glob.literal(displayName));
    }

    @Override
    public ObjectNode toJson() {
      return kind("contains_display_name");
    }
  }

  /// `room_member_count`: "a decimal integer optionally prefixed by one of, `==`, `<`, `>`, `>=` or
  /// `<=`".
  ///
  /// @param is as it was written
  record RoomMemberCount(String is, String comparison, long count) implements PushCondition {
    private static final Set<String> COMPARISONS = Set.of("", "==", "<", ">", ">=", "<=");
    private static final int MAX_DIGITS = 15;

    static Optional<RoomMemberCount> parse(String is) {
      int digits = 0;
      while (digits < is.length() && "=<>".indexOf(is.charAt(digits)) >= 0) {
        digits++;
      }
      String comparison = is.substring(0, digits);
      String number = is.substring(digits);
      boolean valid =
          COMPARISONS.contains(comparison)
              && !number.isEmpty()
              && number.length() <= MAX_DIGITS
              && number.chars().allMatch(each -> each >= '0' && each <= '9');
      return valid
          ? Optional.of(new RoomMemberCount(is, comparison, Long.parseLong(number)))
          : Optional.empty();
    }

    @Override
    public boolean holds(PushEvent event, @Nullable String displayName) {
      long members = event.memberCount();
      return switch (comparison) {
        case "<" -> members < count;
        case ">" -> members > count;
        case "<=" -> members <= count;
        case ">=" -> members >= count;
        // "If no prefix is present, this parameter defaults to `==`."
        default -> members == count;
      };
    }

    @Override
    public ObjectNode toJson() {
      return kind("room_member_count").put("is", is);
    }
  }

  /// `sender_notification_permission`: "ensuring the sender of the event has high enough power to
  /// trigger the notification".
  record SenderNotificationPermission(String key) implements PushCondition {
    @Override
    public boolean holds(PushEvent event, @Nullable String displayName) {
      return event.senderMayNotify(key);
    }

    @Override
    public ObjectNode toJson() {
      return kind("sender_notification_permission").put("key", key);
    }
  }

  /// "Unrecognised conditions MUST NOT match any events, effectively making the push rule
  /// disabled."
  record Unrecognized(ObjectNode json) implements PushCondition {
    @Override
    public boolean holds(PushEvent event, @Nullable String displayName) {
      return false;
    }

    @Override
    public ObjectNode toJson() {
      return json;
    }
  }

  private static ObjectNode kind(String kind) {
    return JsonNodeFactory.instance.objectNode().put("kind", kind);
  }

  /// "only supports non-compound canonical JSON values: strings, integers in the range of
  /// `[-(2**53)+1, (2**53)-1]`, booleans, and `null`".
  private static boolean isScalar(@Nullable JsonNode value) {
    return value != null
        && (value.isTextual() || value.isBoolean() || value.isNull() || isInteger(value));
  }

  private static boolean isInteger(JsonNode value) {
    return value.isIntegralNumber()
        && value.canConvertToLong()
        && Math.abs(value.longValue()) < (1L << 53);
  }

  private static boolean isSame(JsonNode found, JsonNode wanted) {
    if (isInteger(found) && isInteger(wanted)) {
      return found.longValue() == wanted.longValue();
    }
    return isScalar(found) && found.equals(wanted);
  }
}
