package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTest {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(AccessTest::register);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static void register(Routes routes) {
    for (Access access : Access.values()) {
      routes.add(
          HttpMethod.GET,
          "/" + access,
          access,
          RateClass.NONE,
          request ->
              Response.field(
                  "user", request.optionalRequester().map(each -> each.user().value()).orElse("")));
    }
  }

  private static TestClient.Answer get(String path, String token) {
    var client = token.isEmpty() ? server.client() : server.client().as(token);
    return client.get(path);
  }

  @Test
  void letsEverybodyInWhereNoTokenIsAskedFor() {
    assertThat(get("/NONE", "").expect(200).text("user")).isEmpty();
    assertThat(get("/NONE", "alice").expect(200).text("user")).isEmpty();
    assertThat(get("/NONE", "wrong").expect(200).text("user")).isEmpty();
  }

  @Test
  void looksAtATokenThatIsOptional() {
    assertThat(get("/OPTIONAL_USER", "").expect(200).text("user")).isEmpty();
    assertThat(get("/OPTIONAL_USER", "alice").expect(200).text("user"))
        .isEqualTo("@alice:hearth.test");
    get("/OPTIONAL_USER", "wrong").expect(401, "M_UNKNOWN_TOKEN");
  }

  @Test
  void demandsAUser() {
    get("/USER", "").expect(401, "M_MISSING_TOKEN");
    get("/USER", "alice").expect(200);
    get("/USER", "guest").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    get("/USER_OR_GUEST", "guest").expect(200);
    assertThat(get("/USER", "wrong").expect(401, "M_UNKNOWN_TOKEN").at("/soft_logout").asBoolean())
        .isFalse();
  }

  @Test
  void demandsAnAdministrator() {
    get("/ADMIN", "").expect(401, "M_MISSING_TOKEN");
    get("/ADMIN", "alice").expect(403, "M_FORBIDDEN");
    get("/ADMIN", "guest").expect(403, "M_FORBIDDEN");
    get("/ADMIN", "admin").expect(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer alice", "bearer alice", "BEARER  alice"})
  void takesTheSchemeInAnyCase(String header) {
    try (RawClient raw = server.raw()) {
      assertThat(raw.request("GET", "/USER", "Authorization: " + header).answer().status())
          .isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer", "Bearer ", "Basic alice", "alice", "Bearer\talice"})
  void doesNotTakeAnythingElseForAToken(String header) {
    try (RawClient raw = server.raw()) {
      var answer = raw.request("GET", "/USER", "Authorization: " + header).answer();

      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.body()).contains("M_MISSING_TOKEN");
    }
  }

  @Test
  void takesNoTokenFromTheQuery() {
    get("/USER?access_token=alice", "").expect(401, "M_MISSING_TOKEN");
    get("/USER?access_token=wrong", "alice").expect(200);
  }

  @Test
  void takesOneWhereThatIsSwitchedOnAndTheHeaderBeforeIt() {
    HttpOptions standard = TestServer.standard();
    HttpOptions options =
        new HttpOptions(
            standard.listeners(),
            standard.limits(),
            standard.rateLimits(),
            true,
            java.util.Set.of());
    try (TestServer lenient = new TestServer(options, AccessTest::register)) {
      lenient.client().get("/USER?access_token=alice").expect(200);
      lenient.client().get("/USER?access_token=wrong").expect(401, "M_UNKNOWN_TOKEN");
      lenient.client().get("/USER?access_token=").expect(401, "M_MISSING_TOKEN");
      lenient.client().as("wrong").get("/USER?access_token=alice").expect(401, "M_UNKNOWN_TOKEN");
    }
  }

  @Test
  void answersOptionsWithTheHeadersForBrowsersAndNothingElse() {
    for (String path : List.of("/USER", "/ADMIN", "/NONE", "/not/there")) {
      try (RawClient raw = server.raw()) {
        var answer = raw.request("OPTIONS", path).answer();

        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.header("Access-Control-Max-Age")).isEqualTo("86400");
        assertForBrowsers(answer);
      }
    }
  }

  @Test
  void sendsTheHeadersForBrowsersWithEveryAnswer() {
    for (String path : List.of("/USER", "/NONE", "/not/there", "/NONE?q=%ff")) {
      try (RawClient raw = server.raw()) {
        assertForBrowsers(raw.request("GET", path).answer());
      }
    }
    try (RawClient raw = server.raw()) {
      assertForBrowsers(raw.send("GET / HTTP/1.1\r\n\r\n").answer());
    }
  }

  private static void assertForBrowsers(RawClient.RawAnswer answer) {
    assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(answer.header("Access-Control-Allow-Methods"))
        .isEqualTo("GET, POST, PUT, DELETE, OPTIONS");
    assertThat(answer.header("Access-Control-Allow-Headers"))
        .isEqualTo("X-Requested-With, Content-Type, Authorization");
  }
}
