package org.hearth.server.servers.room.state;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.hearth.server.matrix.id.EventId;

/// A hash of a set of state entries that follows the set: an entry is added or taken out without
/// looking at the others.
///
/// It is the sum, in four lanes of 64 bits, of the SHA-256 of each entry. It recognises equal
/// states among those of one room; nothing trusts it against who could choose the numbers of keys.
///
/// **thread**: any; immutable.
public final class StateHash {
  static final int LENGTH_BYTES = 32;
  public static final StateHash EMPTY = new StateHash(new long[4]);

  private final long[] lanes;

  private StateHash(long[] lanes) {
    this.lanes = lanes;
  }

  static StateHash of(byte[] bytes) {
    return new StateHash(lanesOf(bytes));
  }

  public StateHash plus(int key, EventId event) {
    return combine(key, event, 1);
  }

  public StateHash minus(int key, EventId event) {
    return combine(key, event, -1);
  }

  public byte[] bytes() {
    ByteBuffer buffer = ByteBuffer.allocate(LENGTH_BYTES);
    for (long lane : lanes) {
      buffer.putLong(lane);
    }
    return buffer.array();
  }

  private StateHash combine(int key, EventId event, int sign) {
    MessageDigest digest = sha256();
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(key).array());
    digest.update(event.value().getBytes(StandardCharsets.UTF_8));
    long[] entry = lanesOf(digest.digest());
    for (int i = 0; i < entry.length; i++) {
      entry[i] = lanes[i] + sign * entry[i];
    }
    return new StateHash(entry);
  }

  private static long[] lanesOf(byte[] bytes) {
    if (bytes.length != LENGTH_BYTES) {
      throw new IllegalArgumentException(
          "a state's hash has " + LENGTH_BYTES + " bytes, not " + bytes.length);
    }
    long[] lanes = new long[LENGTH_BYTES / Long.BYTES];
    ByteBuffer.wrap(bytes).asLongBuffer().get(lanes);
    return lanes;
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof StateHash that && Arrays.equals(lanes, that.lanes);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(lanes[0]);
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes());
  }
}
