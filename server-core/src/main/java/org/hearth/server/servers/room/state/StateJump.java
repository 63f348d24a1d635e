package org.hearth.server.servers.room.state;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.auth.Membership;
import org.jspecify.annotations.Nullable;

/// A change of the current state that no event of the timeline told of.
///
/// | bytes | meaning |
/// |---|---|
/// | 4 | number of the state key |
/// | 8 | position of the event that holds it now; 0 for none |
/// | 8 | position of the event that held it before; 0 for none |
public record StateJump(int key, @Nullable EventRef now, @Nullable EventRef before) {
  private static final int BYTES = Integer.BYTES + 2 * Long.BYTES;

  static byte[] pack(List<StateJump> jumps) {
    ByteBuffer packed = ByteBuffer.allocate(BYTES * jumps.size());
    for (StateJump each : jumps) {
      packed.putInt(each.key).putLong(position(each.now)).putLong(position(each.before));
    }
    return packed.array();
  }

  /// The changes of a row.
  ///
  /// @throws IllegalArgumentException if the bytes are not changes
  public static List<StateJump> unpack(byte[] packed) {
    if (packed.length % BYTES != 0) {
      throw new IllegalArgumentException(
          "changes of state have %d bytes each, not %d in all".formatted(BYTES, packed.length));
    }
    List<StateJump> jumps = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.wrap(packed);
    while (buffer.hasRemaining()) {
      jumps.add(new StateJump(buffer.getInt(), ref(buffer.getLong()), ref(buffer.getLong())));
    }
    return jumps;
  }

  private static long position(@Nullable EventRef ref) {
    return ref == null ? 0 : ref.position();
  }

  private static @Nullable EventRef ref(long position) {
    return position == 0 ? null : EventRef.at(position, (Membership) null);
  }
}
