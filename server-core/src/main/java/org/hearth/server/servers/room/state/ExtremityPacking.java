package org.hearth.server.servers.room.state;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.auth.Membership;

/// Forward extremities as bytes: the positions, eight bytes each, big-endian, ascending.
final class ExtremityPacking {
  private ExtremityPacking() {}

  static byte[] pack(List<EventRef> extremities) {
    ByteBuffer packed = ByteBuffer.allocate(Long.BYTES * extremities.size());
    extremities.stream().mapToLong(EventRef::position).sorted().forEach(packed::putLong);
    return packed.array();
  }

  /// @throws IllegalArgumentException if the bytes are not positions
  static List<EventRef> unpack(byte[] packed) {
    if (packed.length % Long.BYTES != 0) {
      throw new IllegalArgumentException(
          "extremities have eight bytes each, not " + packed.length + " in all");
    }
    List<EventRef> extremities = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.wrap(packed);
    while (buffer.hasRemaining()) {
      extremities.add(EventRef.at(buffer.getLong(), (Membership) null));
    }
    return List.copyOf(extremities);
  }
}
