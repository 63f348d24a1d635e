package org.hearth.server.outbound.federation;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.random.RandomGenerator;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.HeaderValues;
import org.hearth.server.outbound.Limits;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundRequest;
import org.hearth.server.outbound.Response;
import org.jspecify.annotations.Nullable;

/// The files `/.well-known/matrix/server` of hosts, by which they name another server in their
/// place.
///
/// **thread**: any. A host is asked by one virtual thread at a time, `well-known HOST`, for all who
/// wait.
///
/// **bound**: a file of [#MOST_BYTES], [#REDIRECTS], [#TIME] for all of them; [#CACHE_BYTES] of what
/// is remembered. Files under way are bounded by those who wait for them.
///
/// **source**: [Resolving server names][names], step 3
///
/// [names]: https://spec.matrix.org/v1.19/server-server-api/#resolving-server-names
final class WellKnown {
  static final int MOST_BYTES = 50 << 10;
  static final int REDIRECTS = 5;
  static final Duration TIME = Duration.ofSeconds(15);
  static final long CACHE_BYTES = 8 << 20;

  /// "The recommended sensible default is 24 hours. Servers should additionally impose a maximum
  /// cache time for responses: 48 hours is recommended."
  static final Duration DEFAULT = Duration.ofDays(1);

  static final Duration LONGEST = Duration.ofDays(2);

  /// Whoever forbids remembering is asked this often at most.
  static final Duration SHORTEST = Duration.ofMinutes(5);

  /// "Errors are recommended to be cached for up to an hour, and servers are encouraged to
  /// exponentially back off for repeated failures."
  static final Duration FIRST_ERROR = Duration.ofMinutes(1);

  static final Duration LONGEST_ERROR = Duration.ofHours(1);

  private static final Limits LIMITS =
      new Limits(
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          TIME,
          16 << 10,
          MOST_BYTES);
  private static final int DEPTH = 20;
  private static final int ENTRY_BYTES = 300;

  private final Outbound outbound;
  private final Duration time;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Cache<String, Entry> remembered =
      Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .<String, Entry>weigher(
              (host, entry) -> ENTRY_BYTES + 2 * (host.length() + entry.length()))
          .executor(Runnable::run)
          .build();
  private final ConcurrentMap<String, FutureTask<Entry>> underWay = new ConcurrentHashMap<>();

  /// What is known of a host's file.
  ///
  /// @param delegated whom it names; empty if there is no valid file
  /// @param found what was found, in words
  /// @param until when it counts
  /// @param errors how many attempts in a row found no valid file
  record Entry(Optional<ServerName> delegated, String found, Instant until, int errors) {
    private int length() {
      return found.length() + delegated.map(each -> each.value().length()).orElse(0);
    }
  }

  /// What one attempt found.
  private sealed interface Attempt {
    record Valid(ServerName delegated, Duration counts) implements Attempt {}

    record Invalid(String why) implements Attempt {}

    /// It says nothing about the host.
    record NotMade(String why) implements Attempt {}
  }

  WellKnown(Outbound outbound, InstantSource clock, RandomGenerator random) {
    this(outbound, TIME, clock, random);
  }

  /// @param time for all requests for a file
  WellKnown(Outbound outbound, Duration time, InstantSource clock, RandomGenerator random) {
    this.outbound = outbound;
    this.time = time;
    this.clock = clock;
    this.random = random;
  }

  /// What is remembered of the host's file, or what it says now.
  Entry of(String host) throws InterruptedException {
    String key = host.toLowerCase(Locale.ROOT);
    Entry known = remembered.getIfPresent(key);
    return known != null && clock.instant().isBefore(known.until()) ? known : anew(key);
  }

  /// What the host's file says now.
  Entry anew(String host) throws InterruptedException {
    String key = host.toLowerCase(Locale.ROOT);
    FutureTask<Entry> own =
        new FutureTask<>(() -> {
          try {
            return fetch(key);
          } finally {
            // Before anybody hears of it: whoever asks then begins anew.
            underWay.remove(key);
          }
        });
    FutureTask<Entry> other = underWay.putIfAbsent(key, own);
    if (other == null) {
      Thread.ofVirtual().name("well-known " + key).start(own);
    }
    try {
      return (other == null ? own : other).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("asking %s failed by a defect".formatted(key), e.getCause());
    }
  }

  private Entry fetch(String host) throws InterruptedException {
    Attempt attempt = ask(host);
    Instant now = clock.instant();
    Entry entry =
        switch (attempt) {
          case Attempt.Valid(ServerName delegated, Duration counts) ->
              new Entry(Optional.of(delegated), "names " + delegated, now.plus(counts), 0);
          case Attempt.Invalid(String why) -> {
            Entry before = remembered.getIfPresent(host);
            int errors = before == null ? 1 : before.errors() + 1;
            yield new Entry(Optional.empty(), why, now.plus(afterErrors(errors)), errors);
          }
          case Attempt.NotMade(String why) -> new Entry(Optional.empty(), why, now, 0);
        };
    if (!(attempt instanceof Attempt.NotMade)) {
      remembered.put(host, entry);
    }
    return entry;
  }

  private Duration afterErrors(int errors) {
    Duration longest = FIRST_ERROR.multipliedBy(1L << Math.min(errors - 1, 10));
    if (longest.compareTo(LONGEST_ERROR) > 0) {
      longest = LONGEST_ERROR;
    }
    // A little less, so that not all who were told at once ask at once.
    return longest.multipliedBy(random.nextLong(80, 101)).dividedBy(100);
  }

  private Attempt ask(String host) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    OutboundRequest request;
    try {
      request =
          OutboundRequest.get(URI.create("https://%s/.well-known/matrix/server".formatted(host)));
    } catch (IllegalArgumentException _) {
      return new Attempt.Invalid(host + " is no host to ask");
    }
    for (int hops = 0; hops <= REDIRECTS; hops++) {
      Duration left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
      switch (outbound.send(request.withLimits(LIMITS.withWhole(left)))) {
        case Failure.Busy busy -> {
          return new Attempt.NotMade(busy.words());
        }
        case Failure.Stopping stopping -> {
          return new Attempt.NotMade(stopping.words());
        }
        case Failure failure -> {
          return new Attempt.Invalid(
              "it need not be there, and could not be had, because " + failure.words());
        }
        case Response response -> {
          Optional<URI> next = response.redirect();
          if (next.isEmpty()) {
            return read(response);
          }
          try {
            request = request.redirectedTo(next.get());
          } catch (IllegalArgumentException e) {
            return new Attempt.Invalid("a redirect leads nowhere: " + e.getMessage());
          }
        }
      }
    }
    return new Attempt.Invalid("there are more than %d redirects".formatted(REDIRECTS));
  }

  /// "If the response is invalid (bad JSON, missing properties, non-200 response, etc), skip to
  /// step 4."
  private Attempt read(Response response) {
    if (response.status() != 200) {
      return new Attempt.Invalid("there is no file: status " + response.status());
    }
    JsonNode json;
    try {
      json = MatrixJson.parse(response.body(), DEPTH);
    } catch (MatrixException e) {
      return new Attempt.Invalid("the file is no JSON: " + e.safeMessage());
    }
    JsonNode named = json.path("m.server");
    Optional<ServerName> delegated =
        named.isTextual()
            ? Identifiers.read(ServerName::parse, named.textValue())
            : Optional.empty();
    if (delegated.isEmpty() || delegated.get().port().orElse(Discovery.PORT) == 0) {
      return new Attempt.Invalid("the file names no server in m.server");
    }
    return new Attempt.Valid(delegated.get(), counts(response));
  }

  /// "Servers should respect the cache control headers present on the response, or use a sensible
  /// default when headers are not present."
  private Duration counts(Response response) {
    Duration asked = freshness(response);
    if (asked == null) {
      return DEFAULT;
    }
    if (asked.compareTo(SHORTEST) < 0) {
      return SHORTEST;
    }
    return asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
  }

  /// RFC 9111 §4.2.1 and §4.2.3: how much longer the response is fresh; null if it does not say.
  private @Nullable Duration freshness(Response response) {
    for (String line : response.headers().getOrDefault("cache-control", List.of())) {
      for (String directive : line.toLowerCase(Locale.ROOT).split(",", -1)) {
        String each = directive.strip();
        if (each.equals("no-store") || each.equals("no-cache")) {
          return Duration.ZERO;
        }
        if (each.startsWith("max-age=")) {
          Optional<Duration> age =
              HeaderValues.seconds(each.substring("max-age=".length()).replace("\"", ""));
          if (age.isPresent()) {
            Duration passed =
                response.header("age").flatMap(HeaderValues::seconds).orElse(Duration.ZERO);
            return age.get().minus(passed);
          }
        }
      }
    }
    Optional<String> expires = response.header("expires");
    if (expires.isEmpty()) {
      return null;
    }
    // "A cache recipient MUST interpret invalid date formats, especially the value "0", as
    // representing a time in the past".
    Optional<Instant> end = HeaderValues.date(expires.get());
    Instant now = response.header("date").flatMap(HeaderValues::date).orElseGet(clock::instant);
    return end.map(each -> Duration.between(now, each)).orElse(Duration.ZERO);
  }
}
