package org.hearth.server.readers.sync.sliding;

import java.util.Collection;

/// About what texts take in memory.
final class Memory {
  /// With its place in a set or a map.
  private static final int TEXT_BYTES = 100;

  private Memory() {}

  static long of(String text) {
    return TEXT_BYTES + (long) Character.BYTES * text.length();
  }

  static long of(Collection<String> texts) {
    return texts.stream().mapToLong(Memory::of).sum();
  }
}
