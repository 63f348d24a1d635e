package org.hearth.server.matrix.version;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// What a redaction leaves of an event.
///
/// **shape**: everything that is not named is stripped; an event type that has no row in `content`
/// loses all of its content.
///
/// @param members the keys of the event itself that stay
/// @param content by event type, the keys of the content that stay
public record RedactionRules(Set<String> members, Map<String, KeptContent> content) {
  /// What stays of the content of one type of event.
  ///
  /// @param everything whether all of it stays; then the rest is empty
  /// @param keys that stay with all that is in them
  /// @param within by key, the keys of the object in it that stay, while the object's others go
  public record KeptContent(boolean everything, Set<String> keys, Map<String, Set<String>> within) {
    public KeptContent {
      keys = Set.copyOf(keys);
      within = Map.copyOf(within);
    }

    static final KeptContent NOTHING = new KeptContent(false, Set.of(), Map.of());
    static final KeptContent EVERYTHING = new KeptContent(true, Set.of(), Map.of());
  }

  public RedactionRules {
    members = Set.copyOf(members);
    content = Map.copyOf(content);
  }

  /// What stays of the content of that type of event.
  public KeptContent contentOf(String eventType) {
    return content.getOrDefault(eventType, KeptContent.NOTHING);
  }

  /// The same rules, except that these members of the event go too.
  RedactionRules withoutMembers(String... gone) {
    Set<String> left = new HashSet<>(members);
    for (String each : gone) {
      left.remove(each);
    }
    return new RedactionRules(left, content);
  }

  /// The same rules, except that these keys of that type's content stay too.
  RedactionRules keeping(String eventType, String... keys) {
    KeptContent before = contentOf(eventType);
    Set<String> kept = new HashSet<>(before.keys());
    kept.addAll(Set.of(keys));
    return with(eventType, new KeptContent(false, kept, before.within()));
  }

  /// The same rules, except that one key of an object in that type's content stays too.
  RedactionRules keepingWithin(String eventType, String key, String inner) {
    KeptContent before = contentOf(eventType);
    Map<String, Set<String>> within = new HashMap<>(before.within());
    within.put(key, Set.of(inner));
    return with(eventType, new KeptContent(false, before.keys(), within));
  }

  /// The same rules, except that all of that type's content stays.
  RedactionRules keepingAll(String eventType) {
    return with(eventType, KeptContent.EVERYTHING);
  }

  /// The same rules, except that nothing of that type's content stays.
  RedactionRules droppingAll(String eventType) {
    Map<String, KeptContent> left = new HashMap<>(content);
    left.remove(eventType);
    return new RedactionRules(members, left);
  }

  private RedactionRules with(String eventType, KeptContent kept) {
    Map<String, KeptContent> all = new HashMap<>(content);
    all.put(eventType, kept);
    return new RedactionRules(members, all);
  }
}
