package org.hearth.server.services.account;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;

/// Makes what nobody may guess: tokens, session ids, device ids.
///
/// **thread**: any.
final class Secrets {
  /// Beginning of an access token. No other kind of token begins so, and none of an application
  /// service may.
  static final String ACCESS_PREFIX = "hat_";

  /// Beginning of a refresh token.
  static final String REFRESH_PREFIX = "hrt_";

  /// Beginning of a login token.
  static final String LOGIN_PREFIX = "hlt_";

  private static final int TOKEN_BYTES = 32;
  private static final int DEVICE_LETTERS = 10;
  private static final int LETTERS = 26;
  private static final String READABLE = "abcdefghjkmnpqrstuvwxyz23456789";

  private final SecureRandom random;

  Secrets(SecureRandom random) {
    this.random = random;
  }

  /// 256 random bits behind a prefix.
  String token(String prefix) {
    byte[] bytes = new byte[TOKEN_BYTES];
    random.nextBytes(bytes);
    return prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /// A new row's number; positive. Two equal ones in 2^63 are not to be expected.
  long number() {
    return random.nextLong() >>> 1;
  }

  /// Ten capital letters.
  String device() {
    StringBuilder letters = new StringBuilder(DEVICE_LETTERS);
    for (int i = 0; i < DEVICE_LETTERS; i++) {
      letters.append((char) ('A' + random.nextInt(LETTERS)));
    }
    return letters.toString();
  }

  /// Letters and digits that are not easily mistaken for one another.
  String readable(int length) {
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append(READABLE.charAt(random.nextInt(READABLE.length())));
    }
    return text.toString();
  }

  /// What is stored of a token.
  static byte[] sha256(String secret) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException absent) {
      throw new IllegalStateException("every Java has SHA-256", absent);
    }
  }
}
