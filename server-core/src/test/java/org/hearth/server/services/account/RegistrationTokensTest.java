package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.services.account.AccountOptions.RegistrationMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RegistrationTokensTest {
  private static final String REGISTER = "/_matrix/client/v3/register";
  private static final String VALIDITY =
      "/_matrix/client/v1/register/m.login.registration_token/validity?token=";

  @RegisterExtension
  private final ServicesExtension services =
      new ServicesExtension(
          options -> options.withRegistration(RegistrationMode.TOKEN, false, Optional.empty()));

  private Answer register(String name, String token) {
    return services
        .client()
        .post(
            REGISTER,
            "{'username': '%s', 'password': 'long enough', 'auth': {'type': 'm.login.registration_token', 'token': '%s'}}"
                .formatted(name, token));
  }

  private RegistrationToken create(String token, OptionalInt uses) {
    return services.accounts().createRegistrationToken(Optional.of(token), uses, Optional.empty());
  }

  private boolean isValid(String token) {
    return services.client().get(VALIDITY + token).expect(200).at("/valid").asBoolean();
  }

  @Test
  void registrationAsksForAToken() {
    Answer answer = services.client().post(REGISTER, "{}").expect(401);

    assertThat(answer.at("/flows/0/stages/0").asText()).isEqualTo("m.login.registration_token");
  }

  @Test
  void tokenIsGoodForAsManyAccountsAsItSays() {
    create("family", OptionalInt.of(2));

    register("alice", "family").expect(200);
    assertThat(isValid("family")).isTrue();
    register("bob", "family").expect(200);

    assertThat(isValid("family")).isFalse();
    register("carol", "family").expect(401, "M_FORBIDDEN");
    assertThat(services.accounts().registrationTokens())
        .containsExactly(new RegistrationToken("family", OptionalInt.of(2), 2, Optional.empty()));
  }

  @Test
  void unknownTokensAndTheDummyStageDoNotDo() {
    register("alice", "nothing").expect(401, "M_FORBIDDEN");
    register("alice", "no such / token").expect(401, "M_FORBIDDEN");
    services
        .client()
        .post(
            REGISTER,
            "{'username': 'alice', 'password': 'long enough', 'auth': {'type': 'm.login.dummy'}}")
        .expect(401, "M_FORBIDDEN");
    assertThat(isValid("nothing")).isFalse();
  }

  @Test
  void registrationThatFailsAfterTheTokenDoesNotUseItUp() {
    create("once", OptionalInt.of(1));
    services
        .client()
        .post(
            REGISTER,
            "{'username': 'alice', 'auth': {'type': 'm.login.registration_token', 'token': 'once'}}")
        .expect(400, "M_MISSING_PARAM");

    assertThat(services.accounts().registrationTokens().getFirst().completed()).isZero();
    register("bob", "once").expect(200);
  }

  @Test
  void sessionUnderWayHoldsAUseOfTheToken() {
    create("once", OptionalInt.of(1));
    String begun = "'username': 'alice'";
    String session =
        services.client().post(REGISTER, "{%s}".formatted(begun)).expect(401).text("session");
    String auth =
        "'auth': {'type': 'm.login.registration_token', 'token': 'once', 'session': '%s'}"
            .formatted(session);
    services
        .client()
        .post(REGISTER, "{%s, %s}".formatted(begun, auth))
        .expect(400, "M_MISSING_PARAM");

    register("bob", "once").expect(401, "M_FORBIDDEN");

    services
        .client()
        .post(REGISTER, "{%s, 'password': 'long enough', %s}".formatted(begun, auth))
        .expect(200);
  }

  private String finishedSession(String token) {
    String session =
        services
            .client()
            .post(REGISTER, "{'username': 'alice', 'password': 'long enough'}")
            .expect(401)
            .text("session");
    HtmlClient.Page done =
        new HtmlClient(services.client().base())
            .post(
                "/_matrix/client/v3/auth/m.login.registration_token/fallback/web?session="
                    + session,
                "session=" + session + "&token=" + token);
    assertThat(done.status()).isEqualTo(200);
    return session;
  }

  private Answer finish(String session, String name) {
    return services
        .client()
        .post(
            REGISTER,
            "{'username': '%s', 'password': 'long enough', 'auth': {'session': '%s'}}"
                .formatted(name, session));
  }

  @Test
  void finishedSessionMakesOneAccountHoweverManyRegisterAtOnce() throws InterruptedException {
    create("once", OptionalInt.of(1));
    String session = finishedSession("once");
    List<Answer> answers = new CopyOnWriteArrayList<>();
    CountDownLatch together = new CountDownLatch(1);
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      String name = "guest" + i;
      clients.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  together.await();
                } catch (InterruptedException e) {
                  throw new AssertionError("nobody interrupts this test", e);
                }
                answers.add(finish(session, name));
              }));
    }

    together.countDown();
    for (Thread client : clients) {
      client.join();
    }

    assertThat(answers.stream().map(Answer::status))
        .hasSize(16)
        .containsOnlyOnce(200)
        .containsOnly(200, 401);
    assertThat(services.accounts().users("guest", null, 100)).hasSize(1);
    assertThat(services.accounts().registrationTokens().getFirst().completed()).isEqualTo(1);
  }

  @Test
  void useThatIsNotThereFailsTheTransactionThatWouldMakeTheAccount() {
    create("once", OptionalInt.of(1));
    String session = finishedSession("once");
    services
        .store()
        .committer()
        .commit("test", List.of(RegistrationTokens.completed("once")), List.of());

    finish(session, "alice").expect(500);

    assertThat(services.accounts().users("alice", null, 1)).isEmpty();
    assertThat(services.accounts().registrationTokens().getFirst().completed()).isEqualTo(1);
  }

  @Test
  void tokenThatIsWithdrawnMakesNoAccountAnyMore() {
    create("once", OptionalInt.of(1));
    String session = finishedSession("once");
    services.accounts().deleteRegistrationToken("once");

    finish(session, "alice").expect(403, "M_FORBIDDEN");

    assertThat(services.accounts().users("alice", null, 1)).isEmpty();
  }

  @Test
  void tokensExpire() {
    services
        .accounts()
        .createRegistrationToken(
            Optional.of("today"),
            OptionalInt.empty(),
            Optional.of(services.clock().instant().plus(Duration.ofDays(1))));
    register("alice", "today").expect(200);

    services.clock().advance(Duration.ofDays(1));

    assertThat(isValid("today")).isFalse();
    register("bob", "today").expect(401, "M_FORBIDDEN");
  }

  @Test
  void tokensAreMadeAndDeleted() throws InterruptedException {
    RegistrationToken made =
        services
            .accounts()
            .createRegistrationToken(Optional.empty(), OptionalInt.empty(), Optional.empty());
    assertThat(made.token()).hasSize(16);
    services.restart();
    assertThat(isValid(made.token())).isTrue();

    assertThat(services.accounts().deleteRegistrationToken(made.token())).isTrue();

    assertThat(services.accounts().deleteRegistrationToken(made.token())).isFalse();
    assertThat(isValid(made.token())).isFalse();
  }

  @Test
  void tokensAreOpaqueIdentifiersAndUnique() {
    create("family", OptionalInt.empty());

    assertThatThrownBy(() -> create("family", OptionalInt.empty()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> create("with space", OptionalInt.empty()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> create("x".repeat(65), OptionalInt.empty()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void fallbackPageCompletesTheStage() {
    create("family", OptionalInt.of(1));
    String body = "'username': 'alice', 'password': 'long enough'";
    String session =
        services.client().post(REGISTER, "{%s}".formatted(body)).expect(401).text("session");
    HtmlClient browser = new HtmlClient(services.client().base());
    String page = "/_matrix/client/v3/auth/m.login.registration_token/fallback/web";

    HtmlClient.Page form = browser.get(page + "?session=" + session);
    HtmlClient.Page wrong =
        browser.post(page + "?session=" + session, "session=" + session + "&token=%3Cb%3E");
    HtmlClient.Page done =
        browser.post(page + "?session=" + session, "session=" + session + "&token=family");

    assertThat(form.status()).isEqualTo(200);
    assertThat(form.body()).contains("name=\"token\"");
    assertThat(form.header("Content-Security-Policy")).contains("default-src 'none'");
    assertThat(form.header("X-Frame-Options")).isEqualTo("DENY");
    assertThat(wrong.status()).isEqualTo(401);
    assertThat(wrong.body()).contains("Invalid registration token").doesNotContain("<b>");
    assertThat(done.body()).contains("window.onAuthDone");
    services.client().post(REGISTER, "{'auth': {'session': '%s'}}".formatted(session)).expect(200);
  }

  @Test
  void fallbackPagesShowNothingThatTheyWereSent() {
    HtmlClient browser = new HtmlClient(services.client().base());

    HtmlClient.Page page =
        browser.get(
            "/_matrix/client/v3/auth/m.login.dummy/fallback/web?session=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E");

    assertThat(page.status()).isEqualTo(404);
    assertThat(page.body()).doesNotContain("<script>");
  }
}
