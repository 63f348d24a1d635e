package org.hearth.server.services.account;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/// What an administrator gives to people who may make an account.
///
/// @param token 1 to 64 characters of `A-Z`, `a-z`, `0-9`, `.`, `_`, `~` and `-`
/// @param usesAllowed how many accounts may be made with it; empty for any number
/// @param completed how many were made
/// @param expires when it stops to be valid; empty for never
public record RegistrationToken(
    String token, OptionalInt usesAllowed, int completed, Optional<Instant> expires) {
  private static final int MAX_LENGTH = 64;

  /// Refuses what is not an [opaque
  /// identifier](https://spec.matrix.org/v1.19/appendices/#opaque-identifiers).
  public RegistrationToken {
    if (!isWellFormed(token)) {
      throw new IllegalArgumentException(
          "a registration token is 1 to 64 characters of A-Z, a-z, 0-9, '.', '_', '~' and '-'");
    }
    if (usesAllowed.isPresent() && usesAllowed.getAsInt() < 0) {
      throw new IllegalArgumentException("a registration token cannot be used less than 0 times");
    }
  }

  static boolean isWellFormed(String token) {
    return !token.isEmpty()
        && token.length() <= MAX_LENGTH
        && token.chars().allMatch(RegistrationToken::isOpaque);
  }

  private static boolean isOpaque(int each) {
    return (each >= 'a' && each <= 'z')
        || (each >= 'A' && each <= 'Z')
        || (each >= '0' && each <= '9')
        || "._~-".indexOf(each) >= 0;
  }

  /// Whether another account may be made with it.
  ///
  /// @param pending how many registrations under way have shown it already
  boolean isUsable(Instant now, int pending) {
    return (usesAllowed.isEmpty() || completed + pending < usesAllowed.getAsInt())
        && expires.map(now::isBefore).orElse(true);
  }
}
