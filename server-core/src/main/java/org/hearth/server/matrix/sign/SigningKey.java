package org.hearth.server.matrix.sign;

import java.util.Arrays;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.json.UnpaddedBase64;

/// A key that signs: the 32 bytes of an Ed25519 seed and the key's name.
///
/// The seed must come from a secure random source. That of nothing but zeros is refused: it was
/// once given out by a generator without entropy, and anybody can sign with it.
///
/// **thread**: any; immutable. **source**: [RFC 8032](https://www.rfc-editor.org/rfc/rfc8032).
public final class SigningKey {
  /// The bytes of a seed.
  public static final int SEED_BYTES = Ed25519.SECRET_KEY_SIZE;

  /// The bytes of a signature.
  public static final int SIGNATURE_BYTES = Ed25519.SIGNATURE_SIZE;

  private final KeyId id;
  private final byte[] seed;
  private final byte[] publicKey = new byte[Ed25519.PUBLIC_KEY_SIZE];

  /// The key with that name and seed.
  ///
  /// @param seed copied; the caller may wipe his
  /// @throws IllegalArgumentException if the algorithm is not `ed25519`, the seed has not 32 bytes,
  ///   or it is all zeros
  public SigningKey(KeyId id, byte[] seed) {
    if (!id.algorithm().equals(Signatures.ED25519)) {
      throw new IllegalArgumentException("a signing key must be of algorithm ed25519, not " + id);
    }
    if (seed.length != SEED_BYTES) {
      throw new IllegalArgumentException(
          "the seed of %s must have %d bytes, not %d".formatted(id, SEED_BYTES, seed.length));
    }
    if (Arrays.equals(seed, new byte[SEED_BYTES])) {
      throw new IllegalArgumentException("the seed of %s is all zeros".formatted(id));
    }
    this.id = id;
    this.seed = seed.clone();
    Ed25519.generatePublicKey(this.seed, 0, publicKey, 0);
  }

  /// The name of the key.
  public KeyId id() {
    return id;
  }

  /// What others need to check this key's signatures.
  public VerifyKey verifyKey() {
    return VerifyKey.of(publicKey).orElseThrow();
  }

  /// The public key in unpadded base64, as it is published.
  public String publicKeyBase64() {
    return UnpaddedBase64.encode(publicKey);
  }

  /// The signature of the bytes, 64 bytes.
  public byte[] sign(byte[] message) {
    byte[] signature = new byte[SIGNATURE_BYTES];
    Ed25519.sign(seed, 0, publicKey, 0, message, 0, message.length, signature, 0);
    return signature;
  }

  /// The name only; never the seed.
  @Override
  public String toString() {
    return id.value();
  }
}
