package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.hearth.server.store.StorageException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Whoever tries tokens out gets few looks into the database, and does not lock out who lives
/// behind the same address.
class UnknownTokensTest {
  private static final int BURST = 20;
  private static final RateLimits LIMITS =
      new RateLimits(
          true,
          Map.of(RateClass.UNKNOWN_TOKEN, new RateLimits.Allowance(BURST, 1, Duration.ofHours(1))));

  /// Remembers tokens that were good once.
  private static final class CountedLooks implements Authenticator {
    private final AtomicInteger looks = new AtomicInteger();
    private volatile boolean down;
    private final Set<String> remembered = ConcurrentHashMap.newKeySet();

    @Override
    public Optional<Requester> remembered(String token) {
      return remembered.contains(token)
          ? Optional.of(TestServer.authenticate(token))
          : Optional.empty();
    }

    @Override
    public Requester authenticate(String token) {
      looks.incrementAndGet();
      if (down) {
        throw new StorageException(StorageException.Reason.BUSY, "for the test");
      }
      Requester requester = TestServer.authenticate(token);
      remembered.add(token);
      return requester;
    }
  }

  private final CountedLooks authenticator = new CountedLooks();
  private final HttpServer server =
      HttpServer.start(
          TestServer.standard().with(LIMITS),
          List.of(routes ->
              routes.add(
                  HttpMethod.GET, "/mine", Access.USER, RateClass.DEFAULT, _ -> Response.empty())),
          HttpServer.Callers.users(authenticator),
          InstantSource.fixed(Instant.EPOCH),
          _ -> {});

  @AfterEach
  void stop() {
    server.stop(Duration.ofSeconds(5));
  }

  private int statusFor(String token) {
    return TestClient.of(server).as(token).get("/mine").status();
  }

  @Test
  void costTheDatabaseNoMoreLooksThanAllowed() throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> answers =
          IntStream.range(0, 1000)
              .mapToObj(i -> clients.submit(() -> statusFor("unknown-" + i)))
              .toList();

      int refused = 0;
      for (Future<Integer> each : answers) {
        int status = each.get();
        assertThat(status).isIn(401, 429);
        refused += status == 429 ? 1 : 0;
      }

      assertThat(refused).isEqualTo(1000 - BURST);
      assertThat(authenticator.looks).hasValue(BURST);
    }
  }

  @Test
  void doNotLockOutThoseBehindTheSameAddress() {
    assertThat(statusFor("alice")).isEqualTo(200);
    for (int i = 0; i < BURST; i++) {
      assertThat(statusFor("unknown-" + i)).isEqualTo(401);
    }
    assertThat(statusFor("unknown")).isEqualTo(429);

    assertThat(statusFor("alice")).isEqualTo(200);
  }

  /// While the database cannot be asked, those behind one address use nothing up.
  @Test
  void areNotWhatNobodyCanLookUp() {
    authenticator.down = true;
    for (int i = 0; i < 3 * BURST; i++) {
      assertThat(statusFor("alice")).isEqualTo(503);
    }
    authenticator.down = false;

    assertThat(statusFor("alice")).isEqualTo(200);
  }

  @Test
  void areTheOnlyOnesToPay() {
    for (int i = 0; i < 3 * BURST; i++) {
      authenticator.remembered.clear();
      assertThat(statusFor("alice")).isEqualTo(200);
    }

    assertThat(authenticator.looks).hasValue(3 * BURST);
  }
}
