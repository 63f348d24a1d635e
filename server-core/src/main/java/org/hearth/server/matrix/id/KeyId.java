package org.hearth.server.matrix.id;

/// The name of a key: `algorithm:identifier`, as in `ed25519:auto`; for a key of a device the
/// identifier is the device id.
///
/// Source: [Signing Details](https://spec.matrix.org/v1.19/appendices/#signing-details): "The
/// *signing key identifier* is the concatenation of the *signing algorithm* and a *key
/// identifier*".
///
/// @param value the whole identifier, at most 255 bytes
public record KeyId(String value) implements Comparable<KeyId> {
  private static final String KIND = "key id";

  public KeyId {
    Grammar.checkBytes(KIND, value);
    int colon = value.indexOf(':');
    if (colon <= 0 || colon + 1 == value.length()) {
      throw new InvalidIdentifierException(KIND, value, "is not of the form algorithm:identifier");
    }
  }

  /// The key id with that text.
  ///
  /// @throws InvalidIdentifierException if there is no colon or nothing before or after it
  public static KeyId parse(String text) {
    return new KeyId(text);
  }

  /// The name of an Ed25519 key.
  ///
  /// @throws InvalidIdentifierException if the identifier is empty or too long
  public static KeyId ed25519(String identifier) {
    return new KeyId("ed25519:" + identifier);
  }

  /// What is before the first colon.
  public String algorithm() {
    return value.substring(0, value.indexOf(':'));
  }

  /// What is after the first colon.
  public String identifier() {
    return value.substring(value.indexOf(':') + 1);
  }

  @Override
  public int compareTo(KeyId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
