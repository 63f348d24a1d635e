package org.hearth.bench.ringlogs;

import java.nio.ByteBuffer;
import java.time.InstantSource;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.EntryCodec;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogSpec;

/// The entries of the benchmarks: numbers, spread over 64 partition keys.
final class Numbers {
  private static final int KEYS = 64;
  private static final String[] NAMES = new String[KEYS];

  static {
    for (int i = 0; i < KEYS; i++) {
      NAMES[i] = "!room" + i + ":example.org";
    }
  }

  private Numbers() {}

  static LogSpec<Long> log(String name, int capacity) {
    return new LogSpec<>(
        name,
        Long.class,
        capacity,
        number -> NAMES[(int) (number & (KEYS - 1))],
        new EntryCodec<>() {
          @Override
          public int version() {
            return 1;
          }

          @Override
          public byte[] encode(Long entry) {
            return ByteBuffer.allocate(Long.BYTES).putLong(entry).array();
          }

          @Override
          public Long decode(int version, byte[] bytes) {
            return ByteBuffer.wrap(bytes).getLong();
          }
        });
  }

  static FailureHandling handling() {
    return new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system());
  }
}
