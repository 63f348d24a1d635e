package org.hearth.server.services.account;

import java.nio.ByteBuffer;

/// The SHA-256 of a token: what is stored and looked up instead of the token. A thief of the
/// database has no token.
///
/// @param a bytes 0 to 7, big-endian
/// @param b bytes 8 to 15
/// @param c bytes 16 to 23
/// @param d bytes 24 to 31
record TokenHash(long a, long b, long c, long d) {
  private static final int LENGTH = 32;

  static TokenHash of(String token) {
    return fromBytes(Secrets.sha256(token));
  }

  static TokenHash fromBytes(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException("a SHA-256 has 32 bytes, not " + bytes.length);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new TokenHash(buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.getLong());
  }

  byte[] bytes() {
    return ByteBuffer.allocate(LENGTH).putLong(a).putLong(b).putLong(c).putLong(d).array();
  }
}
