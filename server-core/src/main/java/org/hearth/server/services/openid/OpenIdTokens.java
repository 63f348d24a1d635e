package org.hearth.server.services.openid;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.OwnKeys;

/// Makes and reads tokens that say whose they are: nothing is kept of them, and a restart ends
/// none.
///
/// **Shape:** `<user id in base64url>.<end in milliseconds since 1970>.<signature in base64url>`.
/// What is signed begins with a line that no JSON begins with, so that no such signature is one of
/// an event or a request, and the other way round.
///
/// **thread**: any.
final class OpenIdTokens {
  /// How long a token is good for.
  static final Duration LIFETIME = Duration.ofHours(1);

  private static final String PURPOSE = "an OpenID token of Hearth\n";
  private static final int LONGEST = 600;
  private static final Pattern SHAPE =
      Pattern.compile("([A-Za-z0-9_-]+)\\.([0-9]{1,18})\\.([A-Za-z0-9_-]+)");

  private final Supplier<OwnKeys> keys;
  private final InstantSource clock;

  OpenIdTokens(Supplier<OwnKeys> keys, InstantSource clock) {
    this.keys = keys;
    this.clock = clock;
  }

  String make(UserId user) {
    long end = clock.instant().plus(LIFETIME).toEpochMilli();
    return encoded(user.value().getBytes(StandardCharsets.UTF_8))
        + "."
        + end
        + "."
        + encoded(keys.get().current().sign(signed(user.value(), end)));
  }

  /// Whose token that is; empty if it is none of this server's, or no longer good.
  Optional<UserId> read(String token) {
    Matcher parts = SHAPE.matcher(token);
    if (token.length() > LONGEST || !parts.matches()) {
      return Optional.empty();
    }
    long end = Long.parseLong(parts.group(2));
    try {
      String user = new String(decoded(parts.group(1)), StandardCharsets.UTF_8);
      boolean good =
          clock.instant().isBefore(Instant.ofEpochMilli(end))
              && isSigned(signed(user, end), decoded(parts.group(3)));
      return good ? Optional.of(UserId.parse(user)) : Optional.empty();
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /// By the key of today, or by one that was rotated out while tokens of it are still good.
  private boolean isSigned(byte[] message, byte[] signature) {
    OwnKeys own = keys.get();
    long earliest = clock.instant().minus(LIFETIME).toEpochMilli();
    return own.current().verifyKey().verify(message, signature)
        || own.old().values().stream()
            .anyMatch(old -> old.expiredTs() >= earliest && old.key().verify(message, signature));
  }

  private static byte[] signed(String user, long end) {
    return (PURPOSE + user + "\n" + end).getBytes(StandardCharsets.UTF_8);
  }

  private static String encoded(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] decoded(String text) {
    return Base64.getUrlDecoder().decode(text);
  }
}
