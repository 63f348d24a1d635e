package org.hearth.server.servers.room.state;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.hearth.server.matrix.event.StateKey;

/// The state keys of one room and their numbers: dense from 0, never changed, only added to.
///
/// Numbers of the room's own rather than of the server: a shard gives them without asking anybody,
/// and they stay small, which packs well.
///
/// **thread**: one writer, the room's shard; read by any. A reader may see a key that is not
/// committed yet; no committed state has it.
public final class StateKeys {
  public static final int UNKNOWN = -1;

  private final Map<StateKey, Integer> numbers;
  // Written before `size`, which publishes the slots below it and the length of their texts.
  private volatile StateKey[] keys;
  private volatile int size;
  private long textLength;

  /// @param keys the keys by number
  public StateKeys(List<StateKey> keys) {
    this.numbers = new ConcurrentHashMap<>(Math.max(16, keys.size() * 2));
    this.keys = keys.toArray(new StateKey[Math.max(16, keys.size())]);
    this.size = keys.size();
    for (int number = 0; number < keys.size(); number++) {
      numbers.put(keys.get(number), number);
      textLength += length(keys.get(number));
    }
  }

  private static int length(StateKey key) {
    return key.type().length() + key.stateKey().length();
  }

  /// The same keys, of which others may be added by themselves.
  ///
  /// **thread**: the room's shard only.
  public StateKeys copy() {
    return new StateKeys(Arrays.asList(keys).subList(0, size));
  }

  public int size() {
    return size;
  }

  /// How long all types and state keys are together, of as many as [#size] has said at least.
  long textLength() {
    return textLength;
  }

  /// The key's number, or [#UNKNOWN].
  public int number(StateKey key) {
    return numbers.getOrDefault(key, UNKNOWN);
  }

  /// The key of that number.
  public StateKey key(int number) {
    if (number >= size) {
      throw new IndexOutOfBoundsException("state key " + number + " of " + size);
    }
    return keys[number];
  }

  /// Gives a key that has no number the next one.
  ///
  /// **thread**: the room's shard only.
  public int add(StateKey key) {
    int number = size;
    if (number == keys.length) {
      keys = Arrays.copyOf(keys, number * 2);
    }
    keys[number] = key;
    textLength += length(key);
    size = number + 1;
    numbers.put(key, number);
    return number;
  }
}
