package org.hearth.server.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.hearth.server.http.connection.Connections;
import org.hearth.server.matrix.error.MatrixException;

/// Token buckets, one for each class of requests and each user or address.
///
/// **thread**: any. **memory**: a bounded number of bytes; the buckets that were not used for
/// longest are forgotten first, and a bucket that was not used until it is full again is the same
/// as a new one.
final class RateLimiter {
  private static final long MOST_BYTES = 8L * 1024 * 1024;
  private static final int BUCKET_BYTES = 400;
  private static final Duration KEPT = Duration.ofMinutes(10);

  private record Key(RateClass rate, String who) {}

  private final RateLimits limits;
  private final TimeMeter meter;
  private final InstantSource clock;
  private final Cache<Key, Bucket> buckets;
  private final Cache<Key, Taken> taken;

  /// Of an allowance that comes back as a whole.
  private record Taken(int tokens, Instant last) {}

  RateLimiter(RateLimits limits, InstantSource clock) {
    this.limits = limits;
    this.clock = clock;
    this.meter = new Meter(clock);
    this.buckets = cache();
    this.taken = cache();
  }

  private static <V> Cache<Key, V> cache() {
    return Caffeine.newBuilder()
        .maximumWeight(MOST_BYTES / 2)
        .weigher((Key key, V _) -> BUCKET_BYTES + 2 * key.who().length())
        .expireAfterAccess(KEPT)
        .build();
  }

  /// Takes one token.
  ///
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if there is none
  void charge(RateClass rate, String who) {
    RateLimits.Allowance allowance = limits.allowances().get(rate);
    if (!limits.enabled() || allowance == null) {
      return;
    }
    if (allowance.refill() == 0) {
      take(new Key(rate, who), allowance);
      return;
    }
    Bucket bucket = buckets.get(new Key(rate, who), _ -> bucket(allowance));
    ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(1);
    if (!probe.isConsumed()) {
      throw MatrixException.limitExceeded(Duration.ofNanos(probe.getNanosToWaitForRefill()));
    }
  }

  private void take(Key key, RateLimits.Allowance allowance) {
    Instant now = clock.instant();
    taken
        .asMap()
        .compute(
            key,
            (_, before) -> {
              if (before == null || !now.isBefore(before.last().plus(allowance.per()))) {
                return new Taken(1, now);
              }
              if (before.tokens() >= allowance.burst()) {
                throw MatrixException.limitExceeded(
                    Duration.between(now, before.last().plus(allowance.per())));
              }
              return new Taken(before.tokens() + 1, now);
            });
  }

  /// Gives back a token that [#charge] took.
  void refund(RateClass rate, String who) {
    taken
        .asMap()
        .computeIfPresent(
            new Key(rate, who),
            (_, before) ->
                before.tokens() == 1 ? null : new Taken(before.tokens() - 1, before.last()));
    Bucket bucket = buckets.getIfPresent(new Key(rate, who));
    if (bucket != null) {
      bucket.addTokens(1);
    }
  }

  /// What an address is counted by.
  static String key(InetAddress address) {
    return Connections.key(address);
  }

  private Bucket bucket(RateLimits.Allowance allowance) {
    return Bucket.builder()
        .addLimit(limit ->
            limit.capacity(allowance.burst()).refillGreedy(allowance.refill(), allowance.per()))
        .withCustomTimePrecision(meter)
        .build();
  }

  private record Meter(InstantSource clock) implements TimeMeter {
    @Override
    public long currentTimeNanos() {
      var now = clock.instant();
      return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    @Override
    public boolean isWallClockBased() {
      return true;
    }
  }
}
