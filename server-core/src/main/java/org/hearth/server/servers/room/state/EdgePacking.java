package org.hearth.server.servers.room.state;

import java.nio.ByteBuffer;

/// The auth events of one event as bytes: their positions, eight bytes each, big-endian, in the
/// order of the event. There are at most ten.
public final class EdgePacking {
  private EdgePacking() {}

  static byte[] pack(long[] positions) {
    ByteBuffer packed = ByteBuffer.allocate(Long.BYTES * positions.length);
    packed.asLongBuffer().put(positions);
    return packed.array();
  }

  /// The positions of a row.
  ///
  /// @throws IllegalArgumentException if the bytes are not positions
  public static long[] unpack(byte[] packed) {
    if (packed.length % Long.BYTES != 0) {
      throw new IllegalArgumentException(
          "positions have eight bytes each, not " + packed.length + " in all");
    }
    long[] positions = new long[packed.length / Long.BYTES];
    ByteBuffer.wrap(packed).asLongBuffer().get(positions);
    return positions;
  }
}
