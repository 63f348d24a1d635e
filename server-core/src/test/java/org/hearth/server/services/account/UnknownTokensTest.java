package org.hearth.server.services.account;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.Eventually;
import org.hearth.server.store.RowChange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Each look into the database for a token that is unknown costs its address one of a few.
class UnknownTokensTest {
  private static final String WHOAMI = "/_matrix/client/v3/account/whoami";
  private static final int LOOKS = 20;

  @RegisterExtension
  private final ServicesExtension services =
      new ServicesExtension(
          UnaryOperator.identity(),
          options ->
              options.with(
                  new RateLimits(
                      true,
                      Map.of(
                          RateClass.UNKNOWN_TOKEN,
                          new RateLimits.Allowance(LOOKS, 1, Duration.ofHours(1))))),
          false);

  private TestClient.Answer ask(String token) {
    return services.client().as(token).get(WHOAMI);
  }

  private void useUpAllLooks() {
    for (int i = 0; i < LOOKS; i++) {
      ask("unknown-" + i).expect(401, "M_UNKNOWN_TOKEN");
    }
    ask("unknown").expect(429, "M_LIMIT_EXCEEDED");
  }

  @Test
  void oneThatIsShownAgainCostsNothing() {
    for (int i = 0; i < 5 * LOOKS; i++) {
      ask("a token of yesterday").expect(401, "M_UNKNOWN_TOKEN");
    }
  }

  @Test
  void newTokensAreKnownWithoutALook() {
    useUpAllLooks();

    services.register("alice").get(WHOAMI).expect(200);
  }

  @Test
  void tokensThatAreInUseAreKnownWithoutALook() {
    TestClient alice = services.register("alice");
    alice.get(WHOAMI).expect(200);
    useUpAllLooks();

    alice.get(WHOAMI).expect(200);
    alice.post("/_matrix/client/v3/logout", "{}").expect(200);
    alice.get(WHOAMI).expect(429, "M_LIMIT_EXCEEDED");
  }

  /// As when strangers behind the same address try tokens out since the server is up again.
  @Test
  void tokensThatWereNotUsedSinceARestartAreNotLockedOut() throws InterruptedException {
    String token = services.registration("bob").text("access_token");
    services.restart();

    useUpAllLooks();

    Eventually.until("the token is known", () -> ask(token).status() == 200);
  }

  @Test
  void oneDamagedTokenLocksNobodyOut() throws InterruptedException {
    services
        .store()
        .committer()
        .commit(
            "test",
            List.of(
                RowChange.of(
                    TokenTables.ACCESS,
                    "INSERT INTO access_token (token_id, token_hash, user_id, device_id)"
                        + " VALUES (-1, ?, 'damaged', 'A')",
                    (statement, _) -> statement.setBytes(1, new byte[32]))),
            List.of());
    String token = services.registration("bob").text("access_token");
    services.restart();

    useUpAllLooks();

    Eventually.until("the token is known", () -> ask(token).status() == 200);
  }

  @Test
  void knownTokensCostNothingAfterARestart() throws InterruptedException {
    String token = services.registration("bob").text("access_token");
    services.restart();
    ask(token).expect(200);

    useUpAllLooks();

    ask(token).expect(200);
  }
}
