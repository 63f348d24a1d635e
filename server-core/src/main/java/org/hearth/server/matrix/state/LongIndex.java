package org.hearth.server.matrix.state;

import java.util.Arrays;

/// Gives events' numbers consecutive indexes, so that sets of events are bit sets.
///
/// An open-addressed table without boxing: a resolution asks for every edge of the auth chains.
///
/// **thread**: of one resolution only.
final class LongIndex {
  private static final int FREE = -1;
  private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

  private long[] numbers = new long[64];
  private int[] slots = newSlots(128);
  private int size;

  /// How many numbers have an index; indexes are those below.
  int size() {
    return size;
  }

  /// The number with an index.
  long number(int index) {
    return numbers[index];
  }

  /// The index of a number, a new one if it has none yet.
  int indexOf(long number) {
    int slot = slotOf(number);
    if (slots[slot] != FREE) {
      return slots[slot];
    }
    if (size == numbers.length) {
      grow();
      slot = slotOf(number);
    }
    numbers[size] = number;
    slots[slot] = size;
    return size++;
  }

  private int slotOf(long number) {
    int mask = slots.length - 1;
    int slot = (int) ((number * GOLDEN_RATIO) >>> 32) & mask;
    while (slots[slot] != FREE && numbers[slots[slot]] != number) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    numbers = Arrays.copyOf(numbers, numbers.length * 2);
    slots = newSlots(slots.length * 2);
    for (int i = 0; i < size; i++) {
      slots[slotOf(numbers[i])] = i;
    }
  }

  private static int[] newSlots(int length) {
    int[] slots = new int[length];
    Arrays.fill(slots, FREE);
    return slots;
  }
}
