package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.error.MatrixException;
import org.junit.jupiter.api.Test;

class RateLimiterTest {
  private static final RateLimits THREE_AND_ONE_A_SECOND =
      new RateLimits(
          true,
          Map.of(
              RateClass.DEFAULT, new RateLimits.Allowance(3, 1, Duration.ofSeconds(1)),
              RateClass.LOGIN, new RateLimits.Allowance(1, 1, Duration.ofSeconds(10))));

  /// Stands still until it is moved.
  private static final class ManualClock implements InstantSource {
    private Instant now = Instant.EPOCH;

    @Override
    public Instant instant() {
      return now;
    }

    void pass(Duration time) {
      now = now.plus(time);
    }
  }

  private final ManualClock clock = new ManualClock();

  @Test
  void letsABurstThroughAndThenOneAtATime() {
    RateLimiter limiter = new RateLimiter(THREE_AND_ONE_A_SECOND, clock);
    for (int i = 0; i < 3; i++) {
      limiter.charge(RateClass.DEFAULT, "a");
    }

    assertThatThrownBy(() -> limiter.charge(RateClass.DEFAULT, "a"))
        .isInstanceOfSatisfying(
            MatrixException.class,
            e -> {
              assertThat(e.errcode()).isEqualTo("M_LIMIT_EXCEEDED");
              assertThat(e.fields())
                  .hasEntrySatisfying(
                      "retry_after_ms", wait -> assertThat(wait.asLong()).isBetween(1L, 1000L));
            });

    clock.pass(Duration.ofSeconds(1));
    assertThatCode(() -> limiter.charge(RateClass.DEFAULT, "a")).doesNotThrowAnyException();
    assertThatThrownBy(() -> limiter.charge(RateClass.DEFAULT, "a"))
        .isInstanceOf(MatrixException.class);
  }

  @Test
  void countsEachUserAndEachClassApart() {
    RateLimiter limiter = new RateLimiter(THREE_AND_ONE_A_SECOND, clock);
    limiter.charge(RateClass.LOGIN, "a");

    assertThatThrownBy(() -> limiter.charge(RateClass.LOGIN, "a"))
        .isInstanceOf(MatrixException.class);
    assertThatCode(() -> limiter.charge(RateClass.LOGIN, "b")).doesNotThrowAnyException();
    assertThatCode(() -> limiter.charge(RateClass.DEFAULT, "a")).doesNotThrowAnyException();
    assertThatCode(() -> limiter.charge(RateClass.SEARCH, "a")).doesNotThrowAnyException();
  }

  @Test
  void letsThroughNeverMoreThanAllowedWithinTheTimeWhereThatIsAsked() {
    RateLimiter limiter = new RateLimiter(RateLimits.standard(), clock);
    for (int i = 0; i < 5; i++) {
      limiter.charge(RateClass.LOGIN_FROM_ADDRESS, "a");
      clock.pass(Duration.ofMinutes(1));
    }
    for (int i = 0; i < 4; i++) {
      assertThatThrownBy(() -> limiter.charge(RateClass.LOGIN_FROM_ADDRESS, "a"))
          .isInstanceOf(MatrixException.class);
      clock.pass(Duration.ofMinutes(1));
    }

    for (int i = 0; i < 20; i++) {
      limiter.charge(RateClass.LOGIN_FROM_ADDRESS, "a");
      limiter.refund(RateClass.LOGIN_FROM_ADDRESS, "a");
    }
  }

  @Test
  void canBeSwitchedOff() {
    RateLimiter limiter =
        new RateLimiter(new RateLimits(false, THREE_AND_ONE_A_SECOND.allowances()), clock);

    for (int i = 0; i < 1000; i++) {
      limiter.charge(RateClass.LOGIN, "a");
    }
  }

  @Test
  void countsAnIpv6NetworkAsOne() throws Exception {
    assertThat(RateLimiter.key(InetAddress.ofLiteral("2001:db8::1")))
        .isEqualTo(RateLimiter.key(InetAddress.ofLiteral("2001:db8::ffff:1")))
        .isNotEqualTo(RateLimiter.key(InetAddress.ofLiteral("2001:db8:0:1::1")));
    assertThat(RateLimiter.key(InetAddress.ofLiteral("192.0.2.1"))).isEqualTo("192.0.2.1");
  }

  @Test
  void refusesOverHttpByUserAndByAddress() {
    HttpOptions options = TestServer.standard().with(THREE_AND_ONE_A_SECOND);
    try (TestServer server =
        new TestServer(
            options,
            clock,
            routes ->
                routes
                    .add(
                        HttpMethod.GET,
                        "/mine",
                        Access.USER,
                        RateClass.DEFAULT,
                        _ -> Response.empty())
                    .add(
                        HttpMethod.GET,
                        "/open",
                        Access.NONE,
                        RateClass.LOGIN,
                        request -> {
                          request.charge(RateClass.DEFAULT, "an account");
                          return Response.empty();
                        }))) {
      TestClient alice = server.client().as("alice");
      for (int i = 0; i < 3; i++) {
        alice.get("/mine").expect(200);
      }
      TestClient.Answer refused = alice.get("/mine").expect(429, "M_LIMIT_EXCEEDED");
      assertThat(refused.header("Retry-After")).hasValue("1");
      assertThat(refused.at("/retry_after_ms").asLong()).isBetween(1L, 1000L);
      server.client().as("admin").get("/mine").expect(200);

      // By address.
      server.client().get("/open").expect(200);
      server.client().get("/open").expect(429, "M_LIMIT_EXCEEDED");
      try (RawClient raw = server.raw()) {
        assertThat(raw.request("GET", "/open", "X-Forwarded-For: 192.0.2.7").answer().status())
            .isEqualTo(429);
      }
      assertThat(server.server().figures().limited()).isBetween(2L, 3L);
    }
  }

  @Test
  void countsByTheAddressThatATrustedProxyTells() {
    HttpOptions standard = TestServer.standard().with(THREE_AND_ONE_A_SECOND);
    HttpOptions options =
        new HttpOptions(
            standard.listeners(),
            standard.limits(),
            standard.rateLimits(),
            false,
            Set.of(InetAddress.getLoopbackAddress()));
    try (TestServer server =
        new TestServer(
            options,
            clock,
            routes ->
                routes.add(
                    HttpMethod.GET,
                    "/open",
                    Access.NONE,
                    RateClass.LOGIN,
                    _ -> Response.empty()))) {
      server.client().get("/open").expect(200);
      try (RawClient raw = server.raw()) {
        assertThat(raw.request("GET", "/open", "X-Forwarded-For: 192.0.2.7").answer().status())
            .isEqualTo(200);
        assertThat(
                raw.request("GET", "/open", "X-Forwarded-For: 198.51.100.1, 192.0.2.7")
                    .answer()
                    .status())
            .isEqualTo(429);
      }
    }
  }

  @Test
  void believesOnlyTrustedProxies() {
    InetAddress proxy = InetAddress.ofLiteral("10.0.0.1");
    InetAddress stranger = InetAddress.ofLiteral("203.0.113.5");
    RemoteAddress remote = new RemoteAddress(Set.of(proxy));

    assertThat(remote.of(stranger, List.of("192.0.2.1"))).isEqualTo(stranger);
    InetAddress here = InetAddress.getLoopbackAddress();
    assertThat(remote.of(here, List.of("192.0.2.1"))).isEqualTo(here);
    assertThat(remote.of(proxy, List.of("192.0.2.1")))
        .isEqualTo(InetAddress.ofLiteral("192.0.2.1"));
    // The client wrote the first entry, the proxy the second.
    assertThat(remote.of(proxy, List.of("1.1.1.1, 192.0.2.1")))
        .isEqualTo(InetAddress.ofLiteral("192.0.2.1"));
    assertThat(remote.of(proxy, List.of("1.1.1.1", "192.0.2.1:4711, 10.0.0.1")))
        .isEqualTo(InetAddress.ofLiteral("192.0.2.1"));
    assertThat(remote.of(proxy, List.of("[2001:db8::1]:99")))
        .isEqualTo(InetAddress.ofLiteral("2001:db8::1"));
    assertThat(remote.of(proxy, List.of("unknown"))).isEqualTo(proxy);
    assertThat(remote.of(proxy, List.of("localhost.example.org"))).isEqualTo(proxy);
    assertThat(remote.of(proxy, List.of())).isEqualTo(proxy);
  }
}
