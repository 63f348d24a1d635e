package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.PASSWORD;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.RawClient;
import org.hearth.server.http.TestClient.Answer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PasswordGuessingTest {
  @RegisterExtension
  private final ServicesExtension limited =
      new ServicesExtension(
          UnaryOperator.identity(), each -> each.with(RateLimits.standard()), false);

  private static Answer logIn(ServicesExtension services, String name, String password) {
    return services
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'user': '%s', 'password': '%s'}"
                .formatted(name, password));
  }

  @Test
  void guessesAreSlowedDown() {
    limited.accounts().createUser("alice", PASSWORD, false, Optional.empty());

    int refused = 0;
    for (int i = 0; i < 20; i++) {
      Answer answer = logIn(limited, "alice", "guess " + i);
      if (answer.status() == 429) {
        assertThat(answer.errcode()).isEqualTo("M_LIMIT_EXCEEDED");
        assertThat(answer.header("Retry-After")).isPresent();
        refused++;
      }
    }

    assertThat(refused).isGreaterThanOrEqualTo(14);
  }

  private static final String V3 = "/_matrix/client/v3";

  @RegisterExtension
  private final ServicesExtension behindProxy =
      new ServicesExtension(UnaryOperator.identity(), PasswordGuessingTest::behindProxy, false);

  /// Without the bound of all logins of an address, which is another matter.
  private static HttpOptions behindProxy(HttpOptions usual) {
    Map<RateClass, RateLimits.Allowance> allowances =
        new EnumMap<>(RateLimits.standard().allowances());
    allowances.remove(RateClass.LOGIN);
    return new HttpOptions(
        usual.listeners(),
        usual.limits(),
        new RateLimits(true, allowances),
        false,
        Set.of(InetAddress.getLoopbackAddress()));
  }

  private RawClient.RawAnswer from(String address, String password) {
    String body =
        "{\"type\":\"m.login.password\",\"user\":\"alice\",\"password\":\"%s\"}"
            .formatted(password);
    try (RawClient raw = new RawClient(behindProxy.client().base().getPort())) {
      return raw.send(
              "POST %s/login HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %s\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(V3, address, body.length(), body))
          .answer();
    }
  }

  @Test
  void fiveAreTriedInFiveMinutesAndRightOnesDoNotCount() {
    behindProxy.accounts().createUser("alice", PASSWORD, false, Optional.empty());
    for (int i = 0; i < 8; i++) {
      assertThat(from("192.0.2.1", PASSWORD).status()).isEqualTo(200);
    }
    for (int i = 0; i < 5; i++) {
      assertThat(from("192.0.2.1", "guess " + i).status()).isEqualTo(403);
    }

    assertThat(from("192.0.2.1", "one more").status()).isEqualTo(429);
    behindProxy.clock().advance(Duration.ofMinutes(4));
    assertThat(from("192.0.2.1", PASSWORD).status()).isEqualTo(429);
    behindProxy.clock().advance(Duration.ofMinutes(2));
    assertThat(from("192.0.2.1", PASSWORD).status()).isEqualTo(200);
  }

  @Test
  void aFloodFromElsewhereDoesNotLockTheOwnerOut() throws Exception {
    behindProxy.accounts().createUser("alice", PASSWORD, false, Optional.empty());
    String login = from("192.0.2.1", PASSWORD).body();
    String token = new ObjectMapper().readTree(login).path("access_token").textValue();
    try (RawClient raw = new RawClient(behindProxy.client().base().getPort())) {
      String who = "Authorization: Bearer " + token;
      raw.request("GET", V3 + "/account/whoami", who, "X-Forwarded-For: 192.0.2.1");
      assertThat(raw.answer().status()).isEqualTo(200);
    }

    int refused = 0;
    for (int i = 1; i < 50; i++) {
      refused += from("198.51.100." + i, "guess").status() == 429 ? 1 : 0;
    }

    assertThat(refused).isGreaterThanOrEqualTo(40);
    assertThat(from("192.0.2.1", PASSWORD).status()).isEqualTo(200);
    assertThat(from("203.0.113.7", PASSWORD).status()).isEqualTo(429);
  }

  /// Measured as processor time of this thread: other work on the machine would show in the clock
  /// on the wall. What is skipped for nobody, the hash or one of its passes, would be a third or
  /// more.
  @Test
  @Tag("long")
  void nobodyTakesAsLongAsSomebody() {
    Passwords passwords = new Passwords(PasswordCost.DEFAULT, 1, new SecureRandom());
    String stored = passwords.hash(PASSWORD);
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    int rounds = 30;
    long[] somebody = new long[rounds];
    long[] nobody = new long[rounds];
    for (int i = -5; i < rounds; i++) {
      long begin = threads.getCurrentThreadCpuTime();
      passwords.verify("wrong", stored);
      long middle = threads.getCurrentThreadCpuTime();
      passwords.verify("wrong", null);
      long end = threads.getCurrentThreadCpuTime();
      if (i >= 0) {
        somebody[i] = middle - begin;
        nobody[i] = end - middle;
      }
    }
    Arrays.sort(somebody);
    Arrays.sort(nobody);

    double somebodyMillis = somebody[rounds / 2] / 1e6;
    double nobodyMillis = nobody[rounds / 2] / 1e6;
    assertThat(nobodyMillis)
        .as("median for nobody %.1f ms, for somebody %.1f ms", nobodyMillis, somebodyMillis)
        .isBetween(somebodyMillis * 0.7, somebodyMillis * 1.4);
    System.getLogger(PasswordGuessingTest.class.getName())
        .log(System.Logger.Level.INFO, "Argon2id at the usual cost: median {0} ms", somebodyMillis);
  }
}
