package org.hearth.server.matrix.version;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/// A room version: all by which rooms of this version differ from others.
///
/// @param id the name, as in `content.room_version` of the create event
/// @param eventIds how events are named and refer to each other
/// @param stateResolution how diverging states become one
/// @param rules the rules that hold; see [#has]
/// @param redaction what a redaction leaves
public record RoomVersion(
    String id,
    EventIdFormat eventIds,
    StateResolutionAlgorithm stateResolution,
    Set<RoomRule> rules,
    RedactionRules redaction) {

  public RoomVersion {
    EnumSet<RoomRule> copy = EnumSet.noneOf(RoomRule.class);
    copy.addAll(rules);
    // Not Set.copyOf: a look-up in an enum set is one bit test, and rules are asked for every
    // event.
    rules = Collections.unmodifiableSet(copy);
  }

  /// True if that rule holds in rooms of this version.
  public boolean has(RoomRule rule) {
    return rules.contains(rule);
  }

  /// The next version, which is this one except for what is changed on it.
  RoomVersion next(String nextId) {
    return new RoomVersion(nextId, eventIds, stateResolution, rules, redaction);
  }

  RoomVersion with(EventIdFormat changed) {
    return new RoomVersion(id, changed, stateResolution, rules, redaction);
  }

  RoomVersion with(StateResolutionAlgorithm changed) {
    return new RoomVersion(id, eventIds, changed, rules, redaction);
  }

  RoomVersion with(RedactionRules changed) {
    return new RoomVersion(id, eventIds, stateResolution, rules, changed);
  }

  RoomVersion with(RoomRule... added) {
    EnumSet<RoomRule> changed = EnumSet.noneOf(RoomRule.class);
    changed.addAll(rules);
    changed.addAll(Arrays.asList(added));
    return new RoomVersion(id, eventIds, stateResolution, changed, redaction);
  }

  RoomVersion without(RoomRule... removed) {
    EnumSet<RoomRule> changed = EnumSet.noneOf(RoomRule.class);
    changed.addAll(rules);
    changed.removeAll(Arrays.asList(removed));
    return new RoomVersion(id, eventIds, stateResolution, changed, redaction);
  }

  /// The name of the version.
  @Override
  public String toString() {
    return id;
  }
}
