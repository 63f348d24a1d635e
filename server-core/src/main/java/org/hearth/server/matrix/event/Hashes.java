package org.hearth.server.matrix.event;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.hearth.server.matrix.json.CanonicalJson.Numbers;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// What both hashes of events need.
final class Hashes {
  /// Characters of a SHA-256 in unpadded base64.
  static final int LENGTH = 43;

  /// Characters of an event or room id that is a hash: the sigil and the hash.
  static final int ID_LENGTH = 1 + LENGTH;

  private Hashes() {}

  static Numbers numbers(RoomVersion version) {
    return version.has(RoomRule.STRICT_CANONICAL_JSON) ? Numbers.STRICT : Numbers.LENIENT;
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
