package org.hearth.server.http;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/// How often each kind of request may be made.
///
/// @param enabled false lets everything through
/// @param allowances per class; a class that is not in the map is not limited
public record RateLimits(boolean enabled, Map<RateClass, Allowance> allowances) {
  /// A bucket of tokens.
  ///
  /// @param burst how many requests at once
  /// @param refill how many come back in each `per`, evenly; with 0 all come back when none was
  ///   taken for so long
  public record Allowance(int burst, int refill, Duration per) {
    /// So many, and no more until none was taken for that time: never more within that time.
    public static Allowance then(int burst, Duration pause) {
      return new Allowance(burst, 0, pause);
    }
  }

  public RateLimits {
    allowances = Map.copyOf(allowances);
  }

  /// What people's clients do not notice and a runaway script does.
  public static RateLimits standard() {
    Map<RateClass, Allowance> all = new EnumMap<>(RateClass.class);
    all.put(RateClass.DEFAULT, new Allowance(200, 50, Duration.ofSeconds(1)));
    all.put(RateClass.SYNC, new Allowance(100, 20, Duration.ofSeconds(1)));
    all.put(RateClass.MESSAGE, new Allowance(50, 5, Duration.ofSeconds(1)));
    all.put(RateClass.MEMBERSHIP, new Allowance(20, 1, Duration.ofSeconds(2)));
    all.put(RateClass.LOGIN, new Allowance(10, 1, Duration.ofSeconds(6)));
    all.put(RateClass.LOGIN_ACCOUNT, new Allowance(5, 1, Duration.ofSeconds(12)));
    all.put(RateClass.LOGIN_FROM_ADDRESS, Allowance.then(5, Duration.ofMinutes(5)));
    all.put(RateClass.REGISTER, new Allowance(5, 1, Duration.ofSeconds(20)));
    all.put(RateClass.UNKNOWN_TOKEN, new Allowance(50, 2, Duration.ofSeconds(1)));
    all.put(RateClass.FEDERATION, new Allowance(200, 50, Duration.ofSeconds(1)));
    all.put(RateClass.FEDERATION_MEDIA, new Allowance(200, 20, Duration.ofSeconds(1)));
    // Of some domains many have servers, who are told of one event at the same time.
    all.put(RateClass.FEDERATION_SITE, new Allowance(2_000, 500, Duration.ofSeconds(1)));
    all.put(RateClass.UNKNOWN_SERVER, new Allowance(100, 10, Duration.ofSeconds(1)));
    all.put(RateClass.REPORT, new Allowance(10, 1, Duration.ofSeconds(10)));
    all.put(RateClass.SEARCH, new Allowance(20, 2, Duration.ofSeconds(1)));
    all.put(RateClass.UPLOAD, new Allowance(50, 2, Duration.ofSeconds(1)));
    all.put(RateClass.DOWNLOAD, new Allowance(1000, 100, Duration.ofSeconds(1)));
    all.put(RateClass.REMOTE_MEDIA, new Allowance(300, 2, Duration.ofSeconds(1)));
    all.put(RateClass.DEHYDRATION, new Allowance(10, 1, Duration.ofSeconds(10)));
    return new RateLimits(true, all);
  }

  /// No limit at all.
  public static RateLimits off() {
    return new RateLimits(false, Map.of());
  }
}
