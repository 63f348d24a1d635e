package org.hearth.server.readers.sync.sliding;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;

/// Which state of a room a client wants: pairs of an event type and a state key, read and checked.
///
/// | pair                        | wants                                                     |
/// |-----------------------------|-----------------------------------------------------------|
/// | `["m.room.name", ""]`       | that one                                                  |
/// | `["m.space.child", "*"]`    | all of that type                                          |
/// | `["*", "@u:h"]`             | all with that key                                         |
/// | `["*", "*"]`                | all; of a type that is named beside it only what is named |
/// | `["m.room.member", "$ME"]`  | the member event of who asks                              |
/// | `["m.room.member", "$LAZY"]`| the member events that the timeline needs                 |
///
/// @param others whether what is of no named type is wanted
/// @param types what is wanted of named types
/// @param keysOfAnyType keys that are wanted with whatever type
/// @param lazyMembers whether the members are told whom the timeline needs
record RequiredState(
    boolean others, Map<String, Keys> types, Set<String> keysOfAnyType, boolean lazyMembers) {
  static final RequiredState NONE = new RequiredState(false, Map.of(), Set.of(), false);

  /// More pairs than clients have use for.
  static final int MOST_PAIRS = 200;

  private static final int FIXED_BYTES = 150;
  private static final int KEYS_BYTES = 80;
  private static final String WILDCARD = "*";
  private static final String ME = "$ME";
  private static final String LAZY = "$LAZY";

  RequiredState {
    types = Map.copyOf(types);
    keysOfAnyType = Set.copyOf(keysOfAnyType);
  }

  /// Keys of a type.
  ///
  /// @param all whether every key is wanted
  record Keys(boolean all, Set<String> keys) {
    static final Keys ALL = new Keys(true, Set.of());
    static final Keys NONE = new Keys(false, Set.of());

    Keys {
      keys = Set.copyOf(keys);
    }

    boolean has(String key) {
      return all || keys.contains(key);
    }

    Keys and(Keys other) {
      if (all || other.all) {
        return ALL;
      }
      Set<String> both = new HashSet<>(keys);
      both.addAll(other.keys);
      return new Keys(false, both);
    }
  }

  /// Reads the field `required_state`; what is absent wants nothing.
  ///
  /// @param me who asks
  static RequiredState parse(Fields fields, UserId me) {
    List<JsonNode> pairs = new ArrayList<>();
    fields.optionalArray("required_state").ifPresent(array -> array.forEach(pairs::add));
    if (pairs.size() > MOST_PAIRS) {
      throw MatrixException.invalidParam(
          "required_state has more than %d entries".formatted(MOST_PAIRS));
    }
    boolean others = false;
    boolean lazy = false;
    Map<String, Set<String>> types = new HashMap<>();
    Set<String> keysOfAnyType = new HashSet<>();
    for (JsonNode each : pairs) {
      if (each.size() != 2 || !each.path(0).isTextual() || !each.path(1).isTextual()) {
        throw MatrixException.badJson("required_state must be a list of [type, state key]");
      }
      String type = each.path(0).textValue();
      String key = each.path(1).textValue();
      if (type.equals(WILDCARD)) {
        others |= key.equals(WILDCARD);
        if (!key.equals(WILDCARD)) {
          keysOfAnyType.add(key.equals(ME) ? me.value() : key);
        }
      } else {
        Set<String> keys = types.computeIfAbsent(type, _ -> new HashSet<>());
        if (type.equals(EventTypes.MEMBER) && key.equals(LAZY)) {
          lazy = true;
        } else {
          keys.add(key.equals(ME) ? me.value() : key);
        }
      }
    }
    Map<String, Keys> read = new HashMap<>();
    types.forEach(
        (type, keys) -> read.put(type, keys.contains(WILDCARD) ? Keys.ALL : new Keys(false, keys)));
    boolean allMembers = read.getOrDefault(EventTypes.MEMBER, Keys.NONE).all();
    return new RequiredState(others, read, keysOfAnyType, lazy && !allMembers);
  }

  /// What either wants. Lazy loading is "set to true if and only if a) any of the configs have
  /// `lazy_members` set to true AND b) there are no configs that return all membership events".
  RequiredState and(RequiredState other) {
    if (equals(other)) {
      return this;
    }
    Map<String, Keys> both = new HashMap<>();
    Set<String> named = new HashSet<>(types.keySet());
    named.addAll(other.types.keySet());
    for (String each : named) {
      both.put(each, keys(each).and(other.keys(each)));
    }
    Set<String> anyType = new HashSet<>(keysOfAnyType);
    anyType.addAll(other.keysOfAnyType);
    boolean all = others || other.others;
    boolean allMembers = both.getOrDefault(EventTypes.MEMBER, all ? Keys.ALL : Keys.NONE).all();
    return new RequiredState(all, both, anyType, (lazyMembers || other.lazyMembers) && !allMembers);
  }

  private Keys keys(String type) {
    return types.getOrDefault(type, others ? Keys.ALL : Keys.NONE);
  }

  boolean wants(StateKey key) {
    return keys(key.type()).has(key.stateKey()) || keysOfAnyType.contains(key.stateKey());
  }

  /// Whether each key that is wanted can be named, so that a state need not be looked through.
  boolean isExact() {
    return !others && keysOfAnyType.isEmpty() && types.values().stream().noneMatch(Keys::all);
  }

  /// About what it takes in memory.
  long bytes() {
    long bytes = FIXED_BYTES + Memory.of(types.keySet()) + Memory.of(keysOfAnyType);
    for (Keys each : types.values()) {
      bytes += KEYS_BYTES + Memory.of(each.keys());
    }
    return bytes;
  }

  /// The keys that are wanted where all can be named.
  List<StateKey> exactly() {
    List<StateKey> all = new ArrayList<>();
    types.forEach((type, keys) -> keys.keys().forEach(key -> all.add(new StateKey(type, key))));
    return all;
  }
}
