package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tokens by which another service finds out who a user is.
@Tag("long")
class OpenIdTest {
  private static final String ASK = "/_matrix/client/v3/user/%s/openid/request_token";
  private static final String INFO = "/_matrix/federation/v1/openid/userinfo";

  @TempDir private Path folder;
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private WholeServer server;
  private TestClient alice;

  @BeforeEach
  void start() throws StartFailedException {
    server = new WholeServer(folder, now::get);
    server.start();
    alice = server.register("alice");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private TestClient.Answer ask() {
    return alice.post(ASK.formatted("@alice:hearth.test"), "{}").expect(200);
  }

  private TestClient.Answer info(String token) {
    return server.client().get(INFO + "?access_token=" + TestClient.encoded(token));
  }

  @Test
  void aTokenTellsWhoseItIs() {
    TestClient.Answer made = ask();

    assertThat(made.text("token_type")).isEqualTo("Bearer");
    assertThat(made.text("matrix_server_name")).isEqualTo("hearth.test");
    assertThat(made.at("/expires_in").asLong()).isEqualTo(3_600);
    assertThat(info(made.text("access_token")).expect(200).json())
        .hasToString("{\"sub\":\"@alice:hearth.test\"}");
  }

  @Test
  void aTokenIsGoodForAnHourAlsoOverARestart() throws StartFailedException {
    String token = ask().text("access_token");
    server.stop();
    server.start();

    now.updateAndGet(each -> each.plus(Duration.ofMinutes(59)));
    info(token).expect(200);
    now.updateAndGet(each -> each.plus(Duration.ofMinutes(1)));
    info(token).expect(401, "M_UNKNOWN_TOKEN");
  }

  @Test
  void aTokenOpensNothingElseAndAnAccessTokenIsNone() {
    String token = ask().text("access_token");

    server
        .client()
        .as(token)
        .get("/_matrix/client/v3/account/whoami")
        .expect(401, "M_UNKNOWN_TOKEN");
    server
        .client()
        .as(token)
        .post(ASK.formatted("@alice:hearth.test"), "{}")
        .expect(401, "M_UNKNOWN_TOKEN");
    info(server.newAccount("bob").text("access_token")).expect(401, "M_UNKNOWN_TOKEN");
  }

  @Test
  void aTokenThatWasChangedIsRefused() {
    server.register("bob");
    String[] alices = ask().text("access_token").split("\\.", -1);
    String bob =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString("@bob:hearth.test".getBytes(StandardCharsets.UTF_8));

    info(bob + "." + alices[1] + "." + alices[2]).expect(401, "M_UNKNOWN_TOKEN");
    info(alices[0] + "." + (Long.parseLong(alices[1]) + 1) + "." + alices[2])
        .expect(401, "M_UNKNOWN_TOKEN");
    info(alices[0] + "." + alices[1] + "." + alices[2].substring(2)).expect(401, "M_UNKNOWN_TOKEN");
    info(alices[0] + "." + alices[1] + ".A").expect(401, "M_UNKNOWN_TOKEN");
    info("AA." + alices[1] + "." + alices[2]).expect(401, "M_UNKNOWN_TOKEN");
    info("A." + alices[1] + "." + alices[2]).expect(401, "M_UNKNOWN_TOKEN");
    info("bm9ib2R5." + alices[1] + "." + alices[2]).expect(401, "M_UNKNOWN_TOKEN");
    info("nonsense").expect(401, "M_UNKNOWN_TOKEN");
    info("x".repeat(5_000)).expect(401, "M_UNKNOWN_TOKEN");
    server.client().get(INFO).expect(401, "M_MISSING_TOKEN");
  }

  @Test
  void theTokenOfAClosedAccountIsRefused() {
    String token = ask().text("access_token");

    server.homeserver().admin().orElseThrow().deactivate("@alice:hearth.test", false);

    info(token).expect(401, "M_UNKNOWN_TOKEN");
  }

  @Test
  void nobodyGetsATokenOfAnother() {
    alice.post(ASK.formatted("@bob:hearth.test"), "{}").expect(403, "M_FORBIDDEN");
    alice.post(ASK.formatted("@alice:hearth.test"), "[]").expect(400, "M_BAD_JSON");
    server.client().post(ASK.formatted("@alice:hearth.test"), "{}").expect(401, "M_MISSING_TOKEN");
  }
}
