package org.hearth.server.matrix.sign;

import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.jspecify.annotations.Nullable;

/// A key that checks signatures: the public half of an Ed25519 key, decoded once.
///
/// **thread**: any; immutable.
public final class VerifyKey {
  /// The public key of the seed of 32 zeros, with which anybody can sign.
  private static final String OF_ZERO_SEED = "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik";

  /// The public key that a generator seeded with 0 gave to many servers (CVE-2026-24044).
  private static final String OF_PREDICTABLE_SEED = "l/O9hxMVKB6Lg+3Hqf0FQQZhVESQcMzbPN1Cz2nM3og";

  private final byte[] bytes;
  private final Ed25519.PublicPoint point;

  private VerifyKey(byte[] bytes, Ed25519.PublicPoint point) {
    this.bytes = bytes;
    this.point = point;
  }

  /// The key of those 32 bytes; nothing, if they are no Ed25519 key, or one whose private half is
  /// publicly known.
  public static Optional<VerifyKey> of(byte[] publicKey) {
    if (publicKey.length != Ed25519.PUBLIC_KEY_SIZE) {
      return Optional.empty();
    }
    byte[] copy = publicKey.clone();
    Ed25519.@Nullable PublicPoint point = Ed25519.validatePublicKeyPartialExport(copy, 0);
    String text = UnpaddedBase64.encode(copy);
    if (point == null || text.equals(OF_ZERO_SEED) || text.equals(OF_PREDICTABLE_SEED)) {
      return Optional.empty();
    }
    return Optional.of(new VerifyKey(copy, point));
  }

  /// The key of that base64; nothing, if it is none of an Ed25519 key, or the key is refused.
  public static Optional<VerifyKey> parse(String base64) {
    return UnpaddedBase64.decode(base64).flatMap(VerifyKey::of);
  }

  /// True if that is this key's signature of the message. A signature of another length than 64
  /// bytes is not.
  public boolean verify(byte[] message, byte[] signature) {
    return signature.length == Ed25519.SIGNATURE_SIZE
        && Ed25519.verify(signature, 0, point, message, 0, message.length);
  }

  /// The key in unpadded base64.
  public String base64() {
    return UnpaddedBase64.encode(bytes);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof VerifyKey key && Arrays.equals(key.bytes, bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return base64();
  }
}
