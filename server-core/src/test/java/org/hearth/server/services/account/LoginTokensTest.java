package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.PASSWORD;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Tokens by which a user who is logged in lets another device log in.
class LoginTokensTest {
  private static final String GET_TOKEN = "/_matrix/client/v1/login/get_token";
  private static final String LOGIN = "/_matrix/client/v3/login";
  private static final String WHOAMI = "/_matrix/client/v3/account/whoami";

  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  private TestClient alice;

  @BeforeEach
  void register() {
    alice = services.register("alice");
  }

  private String token() {
    return alice.post(GET_TOKEN, "{" + auth(PASSWORD) + "}").expect(200).text("login_token");
  }

  private static String auth(String password) {
    return "'auth': {'type': 'm.login.password', 'user': 'alice', 'password': '%s'}"
        .formatted(password);
  }

  private Answer logIn(String token) {
    return services
        .client()
        .post(LOGIN, "{'type': 'm.login.token', 'token': '%s'}".formatted(token));
  }

  @Test
  void aTokenLogsAnotherDeviceInOnce() {
    Answer made = alice.post(GET_TOKEN, "{" + auth(PASSWORD) + "}").expect(200);
    assertThat(made.at("/expires_in_ms").asLong()).isEqualTo(120_000);

    Answer login = logIn(made.text("login_token")).expect(200);

    assertThat(login.text("user_id")).isEqualTo("@alice:hearth.test");
    services.client().as(login.text("access_token")).get(WHOAMI).expect(200);
    alice.get(WHOAMI).expect(200);
    logIn(made.text("login_token")).expect(403, "M_FORBIDDEN");
  }

  @Test
  void ofManyWhoUseATokenAtOnceOneIsLoggedIn() throws Exception {
    String token = token();

    List<Integer> statuses = new ArrayList<>();
    try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Answer>> tries = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        tries.add(many.submit(() -> logIn(token)));
      }
      for (Future<Answer> each : tries) {
        statuses.add(each.get().status());
      }
    }

    assertThat(statuses.stream().sorted().toList())
        .containsExactly(200, 403, 403, 403, 403, 403, 403, 403);
  }

  @Test
  void aTokenIsGoodForTwoMinutesAlsoOverARestart() throws Exception {
    String early = token();
    String late = token();
    services.restart();

    services.clock().advance(Duration.ofMinutes(2).minusMillis(1));
    logIn(early).expect(200);
    services.clock().advance(Duration.ofMillis(1));
    logIn(late).expect(403, "M_FORBIDDEN");
  }

  @Test
  void whoAsksForATokenShowsThePasswordEachTime() {
    Answer challenge = alice.post(GET_TOKEN, "{}").expect(401);
    assertThat(challenge.at("/flows/0/stages/0").asText()).isEqualTo("m.login.password");
    alice.post(GET_TOKEN, "{" + auth("wrong") + "}").expect(401, "M_FORBIDDEN");

    var _ = token();

    alice.post(GET_TOKEN, "{}").expect(401);
    services.client().post(GET_TOKEN, "{}").expect(401, "M_MISSING_TOKEN");
  }

  @Test
  void aNewPasswordAndTheEndOfTheAccountMakeTokensVoid() {
    String before = token();
    alice
        .post(
            "/_matrix/client/v3/account/password",
            "{'new_password': '%s 2', 'logout_devices': false, %s}"
                .formatted(PASSWORD, auth(PASSWORD)))
        .expect(200);
    logIn(before).expect(403, "M_FORBIDDEN");

    String password = PASSWORD + " 2";
    String last = alice.post(GET_TOKEN, "{" + auth(password) + "}").expect(200).text("login_token");
    alice.post("/_matrix/client/v3/account/deactivate", "{" + auth(password) + "}").expect(200);
    logIn(last).expect(403, "M_FORBIDDEN");
  }

  @Test
  void whoLogsADeviceOutMakesTokensVoid() {
    TestClient phone = logInAgain();
    String one = token();
    phone.post("/_matrix/client/v3/logout", "{}").expect(200);
    logIn(one).expect(403, "M_FORBIDDEN");

    TestClient tablet = logInAgain();
    String device = tablet.get(WHOAMI).expect(200).text("device_id");
    String two = token();
    alice
        .post(
            "/_matrix/client/v3/delete_devices",
            "{'devices': ['%s'], %s}".formatted(device, auth(PASSWORD)))
        .expect(200);
    logIn(two).expect(403, "M_FORBIDDEN");

    String three = token();
    alice.post("/_matrix/client/v3/logout/all", "{}").expect(200);
    logIn(three).expect(403, "M_FORBIDDEN");
  }

  private TestClient logInAgain() {
    return services.client().as(logIn(token()).expect(200).text("access_token"));
  }

  @Test
  void aUserHasFiveTokensAtMost() {
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      tokens.add(token());
      services.clock().advance(Duration.ofMillis(1));
    }

    assertThat(rows()).isEqualTo(5);
    logIn(tokens.getFirst()).expect(403, "M_FORBIDDEN");
    logIn(tokens.getLast()).expect(200);

    services.clock().advance(Duration.ofMinutes(2));
    var _ = token();
    assertThat(rows()).isEqualTo(1);
  }

  private int rows() {
    return services
        .store()
        .reads()
        .first("SELECT COUNT(*) FROM login_token", _ -> {}, row -> row.getInt(1))
        .orElseThrow();
  }

  @Test
  void aTokenSurvivesARequestThatIsWrongOtherwise() {
    String token = token();
    services
        .client()
        .post(
            LOGIN,
            "{'type': 'm.login.token', 'token': '%s', 'refresh_token': 'yes'}".formatted(token))
        .expect(400, "M_BAD_JSON");

    logIn(token).expect(200);
  }

  @Test
  void whatIsNoTokenLogsNobodyIn() {
    logIn("").expect(403, "M_FORBIDDEN");
    logIn("hlt_" + "x".repeat(10_000)).expect(403, "M_FORBIDDEN");
    services.client().post(LOGIN, "{'type': 'm.login.token'}").expect(400, "M_MISSING_PARAM");
    services
        .client()
        .post(LOGIN, "{'type': 'm.login.token', 'token': 5}")
        .expect(400, "M_BAD_JSON");
    // No other token is one, and it is none of the others.
    String access = services.registration("bob").text("access_token");
    logIn(access).expect(403, "M_FORBIDDEN");
    services.client().as(token()).get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
  }

  @Test
  void clientsSeeThatThereAreTokens() {
    Answer flows = services.client().get(LOGIN).expect(200);
    assertThat(flows.at("/flows/1/type").asText()).isEqualTo("m.login.token");
    assertThat(flows.at("/flows/1/get_login_token").asBoolean()).isTrue();

    Answer capabilities = alice.get("/_matrix/client/v3/capabilities").expect(200);
    assertThat(capabilities.at("/capabilities/m.get_login_token/enabled").asBoolean()).isTrue();
  }
}
