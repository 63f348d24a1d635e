package org.hearth.server.matrix.json;

import java.util.Base64;
import java.util.Optional;

/// Bytes as text: base64 without `=` at the end.
///
/// Source: [Unpadded Base64](https://spec.matrix.org/v1.19/appendices/#unpadded-base64).
public final class UnpaddedBase64 {
  private static final Base64.Encoder ENCODER = Base64.getEncoder().withoutPadding();
  private static final Base64.Encoder URL_SAFE_ENCODER = Base64.getUrlEncoder().withoutPadding();

  private UnpaddedBase64() {}

  /// The bytes in the alphabet with `+` and `/`.
  public static String encode(byte[] bytes) {
    return ENCODER.encodeToString(bytes);
  }

  /// The bytes in the alphabet with `-` and `_`.
  public static String encodeUrlSafe(byte[] bytes) {
    return URL_SAFE_ENCODER.encodeToString(bytes);
  }

  /// The bytes of a text in the alphabet with `+` and `/`, or nothing if it is not base64. "When
  /// decoding Base64, implementations SHOULD accept input with or without padding characters".
  public static Optional<byte[]> decode(String text) {
    try {
      return Optional.of(Base64.getDecoder().decode(text));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
