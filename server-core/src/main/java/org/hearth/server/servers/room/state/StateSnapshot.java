package org.hearth.server.servers.room.state;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import org.hearth.server.matrix.id.EventId;
import org.jspecify.annotations.Nullable;

/// A state of a room in memory: key number → event. Immutable; the next state shares what did not
/// change.
/* # In memory
 * The references lie in chunks of 64 by key number. A change copies one chunk and the list of chunks, so a room of 50,000 members costs about
 * 7 KB a change, and looking up is two array reads.
 *
 * # On disk
 * A state is a row with what differs from its parent row, at most MAX_LAYERS rows deep. A change goes on top of the layers of the state
 * before; where there would be too many, or more keys than that level may hold, it swallows the layer beneath it. With n keys and b the
 * fourth root of n, the levels above the lowest hold b³, b² and b keys, so a change writes some 2.5·b keys on average (125 bytes in a room
 * of 10,000 members), and a state is read with four rows at most.
 */
public final class StateSnapshot {
  public static final int MAX_LAYERS = 4;
  public static final StateSnapshot EMPTY =
      new StateSnapshot(0, new EventRef[0][], 0, List.of(), StateHash.EMPTY);

  private static final int CHUNK_BITS = 6;
  private static final int CHUNK = 1 << CHUNK_BITS;
  private static final double SMALLEST_BASE = 4;

  private final long number;
  private final @Nullable EventRef[][] chunks;
  private final int size;
  private final List<StateLayer> layers;
  private final StateHash hash;

  private StateSnapshot(
      long number,
      @Nullable EventRef[][] chunks,
      int size,
      List<StateLayer> layers,
      StateHash hash) {
    this.number = number;
    this.chunks = chunks;
    this.size = size;
    this.layers = layers;
    this.hash = hash;
  }

  /// A state read from its rows.
  ///
  /// @param events by key number; null where the key is not set
  /// @param layers lowest first
  public static StateSnapshot loaded(
      long number, @Nullable EventRef[] events, List<StateLayer> layers, StateHash hash) {
    int count = (events.length + CHUNK - 1) >> CHUNK_BITS;
    @Nullable EventRef[][] chunks = new EventRef[count][];
    int size = 0;
    for (int i = 0; i < count; i++) {
      chunks[i] = Arrays.copyOfRange(events, i << CHUNK_BITS, (i + 1) << CHUNK_BITS);
    }
    for (EventRef each : events) {
      if (each != null) {
        size++;
      }
    }
    return new StateSnapshot(number, chunks, size, List.copyOf(layers), hash);
  }

  public long number() {
    return number;
  }

  /// How many keys are set.
  public int size() {
    return size;
  }

  /// One more than the greatest key number that may be set.
  public int keyLimit() {
    return chunks.length << CHUNK_BITS;
  }

  public StateHash hash() {
    return hash;
  }

  /// The rows that this state is stored in, lowest first.
  public List<StateLayer> layers() {
    return layers;
  }

  /// The event of that key; null when it is not set.
  public @Nullable EventRef get(int key) {
    int chunk = key >> CHUNK_BITS;
    return key < 0 || chunk >= chunks.length ? null : chunks[chunk][key & (CHUNK - 1)];
  }

  /// The position of the event of a key; 0 when it is not set, which in a layer says that it was
  /// set beneath.
  ///
  /// @throws IllegalStateException when the event has no position yet
  long positionAt(int key) {
    EventRef event = get(key);
    return event == null ? 0 : event.position();
  }

  /// The keys whose events are not the same in both, ascending.
  @SuppressWarnings("ReferenceEquality") // States share the chunks in which they do not differ.
  public void forEachDifference(StateSnapshot other, IntConsumer differing) {
    int count = Math.max(chunks.length, other.chunks.length);
    for (int i = 0; i < count; i++) {
      if (i < chunks.length && i < other.chunks.length && chunks[i] == other.chunks[i]) {
        continue;
      }
      for (int key = i << CHUNK_BITS; key < (i + 1) << CHUNK_BITS; key++) {
        if (!EventRef.same(get(key), other.get(key))) {
          differing.accept(key);
        }
      }
    }
  }

  /// The state with several keys changed.
  ///
  /// @param newNumber its number
  /// @param changes key number → event; null where the key is no longer set. At least one
  /// @param newHash the hash of all its entries
  public StateSnapshot patched(
      long newNumber, NavigableMap<Integer, Optional<EventRef>> changes, StateHash newHash) {
    int newLength = Math.max(chunks.length, (changes.lastKey() >> CHUNK_BITS) + 1);
    @Nullable EventRef[][] changed = Arrays.copyOf(chunks, newLength);
    for (int i = chunks.length; i < newLength; i++) {
      changed[i] = new EventRef[CHUNK];
    }
    int newSize = size;
    int copied = -1;
    @Nullable EventRef[] slots = new EventRef[0];
    for (Map.Entry<Integer, Optional<EventRef>> change : changes.entrySet()) {
      int key = change.getKey();
      int chunk = key >> CHUNK_BITS;
      if (chunk != copied) {
        slots = changed[chunk].clone();
        changed[chunk] = slots;
        copied = chunk;
      }
      @Nullable EventRef event = change.getValue().orElse(null);
      newSize += (event == null ? 0 : 1) - (get(key) == null ? 0 : 1);
      slots[key & (CHUNK - 1)] = event;
    }
    int[] keys = changes.keySet().stream().mapToInt(Integer::intValue).toArray();
    return new StateSnapshot(
        newNumber, changed, newSize, stack(layers, newNumber, keys, newSize), newHash);
  }

  /// The same state, sharing memory with another where they agree.
  ///
  /// @param whereTheyDiffer the reference to take for a key that is set here and differs there
  public StateSnapshot sharing(StateSnapshot base, IntFunction<EventRef> whereTheyDiffer) {
    @Nullable EventRef[][] shared = new EventRef[chunks.length][];
    for (int i = 0; i < chunks.length; i++) {
      @Nullable EventRef[] mixed = new EventRef[CHUNK];
      boolean equal = i < base.chunks.length;
      for (int slot = 0; slot < CHUNK; slot++) {
        int key = (i << CHUNK_BITS) + slot;
        EventRef theirs = base.get(key);
        if (EventRef.same(chunks[i][slot], theirs)) {
          mixed[slot] = theirs;
        } else {
          equal = false;
          mixed[slot] = chunks[i][slot] == null ? null : whereTheyDiffer.apply(key);
        }
      }
      shared[i] = equal ? base.chunks[i] : mixed;
    }
    return new StateSnapshot(number, shared, size, layers, hash);
  }

  /// A rough size in memory of what it does not share with the state of which it was made.
  public long ownBytes() {
    return 500
        + (long) Long.BYTES * (CHUNK + chunks.length)
        + (layers.isEmpty() ? 0 : (long) Integer.BYTES * layers.getLast().size());
  }

  /// A rough size in memory, nothing shared.
  public int weightBytes() {
    return 200 + 40 * keyLimit();
  }

  /// The state with one more event.
  ///
  /// @param newNumber its number
  /// @param event the reference to the event
  /// @param id the event's id
  /// @param replaced the id of the event that the key had; null when it had none
  public StateSnapshot with(
      long newNumber, int key, EventRef event, EventId id, @Nullable EventId replaced) {
    int chunk = key >> CHUNK_BITS;
    @Nullable EventRef[][] changed = Arrays.copyOf(chunks, Math.max(chunks.length, chunk + 1));
    for (int i = chunks.length; i < changed.length; i++) {
      changed[i] = new EventRef[CHUNK];
    }
    changed[chunk] = changed[chunk].clone();
    boolean isNew = changed[chunk][key & (CHUNK - 1)] == null;
    changed[chunk][key & (CHUNK - 1)] = event;
    int newSize = size + (isNew ? 1 : 0);
    StateHash newHash = replaced == null ? hash : hash.minus(key, replaced);
    return new StateSnapshot(
        newNumber,
        changed,
        newSize,
        stack(layers, newNumber, new int[] {key}, newSize),
        newHash.plus(key, id));
  }

  /// Puts a change on the layers, and merges downwards where a level has become too large.
  private static List<StateLayer> stack(
      List<StateLayer> layers, long number, int[] changed, int stateSize) {
    List<StateLayer> stacked = new ArrayList<>(layers);
    int[] keys = changed;
    while (!stacked.isEmpty()
        && (stacked.size() == MAX_LAYERS || keys.length > capacity(stacked.size(), stateSize))) {
      keys = stacked.removeLast().union(keys);
    }
    stacked.add(new StateLayer(number, keys));
    return List.copyOf(stacked);
  }

  /// How many keys the layer at that height, above the lowest, may hold.
  private static double capacity(int height, int stateSize) {
    double base = Math.max(SMALLEST_BASE, Math.sqrt(Math.sqrt(stateSize)));
    return Math.pow(base, MAX_LAYERS - height);
  }
}
