package org.hearth.server.readers.spaces;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.hearth.server.matrix.id.UserId;

/// Where walks are whose users may go on with them.
///
/// **bound**: [#CACHE_BYTES] and [#LIFE]; who comes later begins anew.
///
/// **thread**: any.
final class WalkTokens {
  private static final long CACHE_BYTES = 8L << 20;
  private static final int ENTRY_BYTES = 400;
  private static final int STEP_BYTES = 300;
  private static final int ROOM_BYTES = 120;
  private static final int TOKEN_BYTES = 18;
  private static final Duration LIFE = Duration.ofMinutes(10);

  private final RandomGenerator random;
  private final Cache<String, Walk.Point> points =
      Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .weigher((String _, Walk.Point point) ->
              ENTRY_BYTES + STEP_BYTES * point.open().size() + ROOM_BYTES * point.seen().size())
          .expireAfterWrite(LIFE)
          .build();

  /// @param random that nobody can guess
  WalkTokens(RandomGenerator random) {
    this.random = random;
  }

  /// A token for that point.
  String keep(Walk.Point point) {
    byte[] bytes = new byte[TOKEN_BYTES];
    random.nextBytes(bytes);
    String token = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    points.put(token, point);
    return token;
  }

  /// The point of a token; empty if it is none of that user, or too old.
  Optional<Walk.Point> find(String token, UserId user) {
    return Optional.ofNullable(points.getIfPresent(token))
        .filter(each -> each.wish().user().equals(user));
  }
}
