package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.PASSWORD;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.hearth.server.http.RateLimits;
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

  @Test
  @Tag("long")
  void nobodyTakesAsLongAsSomebody() {
    Passwords passwords = new Passwords(PasswordCost.DEFAULT, 1, new SecureRandom());
    String stored = passwords.hash(PASSWORD);
    int rounds = 30;
    long[] somebody = new long[rounds];
    long[] nobody = new long[rounds];
    for (int i = -5; i < rounds; i++) {
      long begin = System.nanoTime();
      passwords.verify("wrong", stored);
      long middle = System.nanoTime();
      passwords.verify("wrong", null);
      long end = System.nanoTime();
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
        .isBetween(somebodyMillis * 0.8, somebodyMillis * 1.25);
    System.getLogger(PasswordGuessingTest.class.getName())
        .log(System.Logger.Level.INFO, "Argon2id at the usual cost: median {0} ms", somebodyMillis);
  }
}
