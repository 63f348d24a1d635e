package org.hearth.server.servers.room.state;

import java.util.Arrays;

/// One stored row of a state: the keys whose events it says, on top of the rows beneath it.
/// Immutable.
public final class StateLayer {
  private final long snapshot;
  private final int[] keys;

  /// @param snapshot the row's number; of the topmost row it is the state's number
  /// @param keys the key numbers in it, ascending; not changed afterwards
  StateLayer(long snapshot, int[] keys) {
    this.snapshot = snapshot;
    this.keys = keys;
  }

  public long snapshot() {
    return snapshot;
  }

  /// The key numbers, ascending; not to be changed.
  int[] keys() {
    return keys;
  }

  int size() {
    return keys.length;
  }

  /// The keys of this layer and of another, ascending.
  int[] union(int[] other) {
    int[] all = new int[keys.length + other.length];
    int count = 0;
    int mine = 0;
    int theirs = 0;
    while (mine < keys.length || theirs < other.length) {
      boolean takeMine =
          theirs == other.length || (mine < keys.length && keys[mine] <= other[theirs]);
      int next = takeMine ? keys[mine] : other[theirs];
      if (mine < keys.length && keys[mine] == next) {
        mine++;
      }
      if (theirs < other.length && other[theirs] == next) {
        theirs++;
      }
      all[count++] = next;
    }
    return Arrays.copyOf(all, count);
  }
}
