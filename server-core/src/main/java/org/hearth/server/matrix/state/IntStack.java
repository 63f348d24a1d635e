package org.hearth.server.matrix.state;

import java.util.Arrays;

/// The indexes still to be visited by a walk: auth chains are too deep for recursion.
final class IntStack {
  private int[] values = new int[64];
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  void push(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  int pop() {
    return values[--size];
  }
}
