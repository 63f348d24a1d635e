package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.user;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.logs.AccountOutput;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("long")
class RegistrationTest {
  private static final String REGISTER = "/_matrix/client/v3/register";

  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  @Test
  void firstRequestGetsTheFlowsAndASession() {
    Answer answer = services.client().post(REGISTER, "{}").expect(401);

    assertThat(answer.at("/flows/0/stages/0").asText()).isEqualTo("m.login.dummy");
    assertThat(answer.text("session")).isNotEmpty();
    assertThat(answer.errcode()).isEmpty();
  }

  @Test
  void sessionIsCompletedByTheDummyStage() {
    String body = "'username': 'alice', 'password': 'correct horse'";
    String session =
        services.client().post(REGISTER, "{%s}".formatted(body)).expect(401).text("session");

    Answer answer =
        services
            .client()
            .post(
                REGISTER,
                "{%s, 'auth': {'type': 'm.login.dummy', 'session': '%s'}}".formatted(body, session))
            .expect(200);

    assertThat(answer.text("user_id")).isEqualTo("@alice:hearth.test");
    assertThat(answer.text("home_server")).isEqualTo("hearth.test");
    assertThat(answer.text("device_id")).matches("[A-Z]{10}");
    assertThat(answer.json().has("refresh_token")).isFalse();
    services
        .client()
        .as(answer.text("access_token"))
        .get("/_matrix/client/v3/account/whoami")
        .expect(200);
  }

  @Test
  void registrationIsAnnounced() throws InterruptedException {
    services.register("alice");

    assertThat(services.announced())
        .anyMatch(each -> each.equals(new AccountOutput.AccountCreated(user("alice"), false)))
        .anyMatch(AccountOutput.DeviceAdded.class::isInstance);
  }

  @Test
  void deviceIdAndNameAreTheOnesOfTheRequest() {
    Answer answer =
        services
            .client()
            .post(
                REGISTER,
                "{'username': 'alice', 'password': 'correct horse', 'device_id': 'PHONE',"
                    + " 'initial_device_display_name': 'My phone', 'auth': {'type': 'm.login.dummy'}}")
            .expect(200);

    assertThat(answer.text("device_id")).isEqualTo("PHONE");
    Answer device =
        services
            .client()
            .as(answer.text("access_token"))
            .get("/_matrix/client/v3/devices/PHONE")
            .expect(200);
    assertThat(device.text("display_name")).isEqualTo("My phone");
  }

  @Test
  void inhibitedLoginGivesNoTokenAndNoDevice() {
    Answer answer =
        services
            .client()
            .post(
                REGISTER,
                "{'username': 'alice', 'password': 'correct horse', 'inhibit_login': true,"
                    + " 'auth': {'type': 'm.login.dummy'}}")
            .expect(200);

    assertThat(answer.json().has("access_token")).isFalse();
    assertThat(answer.json().has("device_id")).isFalse();
    assertThat(services.tables().devices(user("alice"))).isEmpty();
  }

  @Test
  void nameIsMadeUpWhenNoneIsGiven() {
    Answer answer =
        services
            .client()
            .post(REGISTER, "{'password': 'correct horse', 'auth': {'type': 'm.login.dummy'}}")
            .expect(200);

    assertThat(answer.text("user_id")).matches("@[a-z2-9]{10}:hearth.test");
  }

  @Test
  void capitalsInNamesAreMadeSmall() {
    Answer answer = services.registration("Alice");

    assertThat(answer.text("user_id")).isEqualTo("@alice:hearth.test");
  }

  @TestFactory
  Stream<DynamicTest> refusesNamesThatCannotBe() {
    return Stream.of("", "al ice", "älice", "alice:other", "alice#", "al\\u0000ice")
        .map(name ->
            DynamicTest.dynamicTest(
                "«" + name + "»",
                () -> {
                  services
                      .client()
                      .post(
                          REGISTER,
                          "{'username': '%s', 'password': 'correct horse'}".formatted(name))
                      .expect(400, "M_INVALID_USERNAME");
                }));
  }

  @Test
  void refusesNamesThatAreTooLong() {
    services
        .client()
        .post(REGISTER, "{'username': '%s', 'password': 'x'}".formatted("a".repeat(250)))
        .expect(400, "M_INVALID_USERNAME");
  }

  @Test
  void refusesNamesThatAreTakenBeforeAuthentication() {
    services.register("alice");

    services
        .client()
        .post(REGISTER, "{'username': 'ALICE', 'password': 'correct horse'}")
        .expect(400, "M_USER_IN_USE");
  }

  @Test
  void refusesWeakPasswordsBeforeAuthentication() {
    services
        .client()
        .post(REGISTER, "{'username': 'alice', 'password': 'short'}")
        .expect(400, "M_WEAK_PASSWORD");
    services
        .client()
        .post(REGISTER, "{'username': 'wilhelmine', 'password': 'Wilhelmine'}")
        .expect(400, "M_WEAK_PASSWORD");
  }

  @Test
  void refusesWrongTypes() {
    services.client().post(REGISTER, "{'username': 3}").expect(400, "M_BAD_JSON");
    services.client().post(REGISTER, "{'auth': []}").expect(400, "M_BAD_JSON");
    services.client().post(REGISTER, "{'inhibit_login': 'yes'}").expect(400, "M_BAD_JSON");
    services.client().post(REGISTER, "[]").expect(400, "M_BAD_JSON");
    services.client().post(REGISTER, "{").expect(400, "M_NOT_JSON");
  }

  @Test
  void demandsAPasswordInTheEnd() {
    services
        .client()
        .post(REGISTER, "{'username': 'alice', 'auth': {'type': 'm.login.dummy'}}")
        .expect(400, "M_MISSING_PARAM");
  }

  @Test
  void refusesGuestsUnlessConfigured() {
    services.client().post(REGISTER + "?kind=guest", "{}").expect(403, "M_FORBIDDEN");
    services.client().post(REGISTER + "?kind=king", "{}").expect(400, "M_INVALID_PARAM");
  }

  @Test
  void saysWhetherANameIsFree() {
    String path = "/_matrix/client/v3/register/available?username=";
    services.register("alice");

    assertThat(services.client().get(path + "bob").expect(200).at("/available").asBoolean())
        .isTrue();
    services.client().get(path + "alice").expect(400, "M_USER_IN_USE");
    services.client().get(path + "al%20ice").expect(400, "M_INVALID_USERNAME");
    services.client().get("/_matrix/client/v3/register/available").expect(400, "M_MISSING_PARAM");
  }

  @Test
  void ofManyWhoWantOneNameOneGetsIt() throws Exception {
    int tries = 8;
    List<Callable<Integer>> attempts = new ArrayList<>();
    for (int i = 0; i < tries; i++) {
      TestClient client = services.client();
      attempts.add(() ->
          client
              .post(
                  REGISTER,
                  "{'username': 'alice', 'password': 'correct horse', 'auth': {'type': 'm.login.dummy'}}")
              .status());
    }

    List<Integer> statuses = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(tries)) {
      for (Future<Integer> each : threads.invokeAll(attempts)) {
        statuses.add(each.get());
      }
    }

    assertThat(statuses).containsOnly(200, 400);
    assertThat(statuses).filteredOn(each -> each == 200).hasSize(1);
  }

  @Test
  void accountsOutliveARestart() throws InterruptedException {
    Answer registered = services.registration("alice");

    services.restart();

    Answer answer =
        services
            .client()
            .as(registered.text("access_token"))
            .get("/_matrix/client/v3/account/whoami")
            .expect(200);
    assertThat(answer.text("user_id")).isEqualTo("@alice:hearth.test");
    assertThat(answer.text("device_id")).isEqualTo(registered.text("device_id"));
  }
}
