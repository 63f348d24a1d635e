package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.PASSWORD;
import static org.hearth.server.services.account.ServicesExtension.user;

import java.util.List;
import java.util.stream.Stream;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.id.DeviceId;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("long")
class LoginTest {
  private static final String LOGIN = "/_matrix/client/v3/login";
  private static final String WHOAMI = "/_matrix/client/v3/account/whoami";

  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  private Answer logIn(String identifier, String password, String more) {
    return services
        .client()
        .post(
            LOGIN,
            "{'type': 'm.login.password', %s, 'password': '%s' %s}"
                .formatted(identifier, password, more));
  }

  private Answer logInAlice(String more) {
    return logIn("'identifier': {'type': 'm.id.user', 'user': 'alice'}", PASSWORD, more);
  }

  @Test
  void offersPasswords() {
    Answer answer = services.client().get(LOGIN).expect(200);

    assertThat(answer.at("/flows/0/type").asText()).isEqualTo("m.login.password");
    services.client().get("/_matrix/client/r0/login").expect(200);
  }

  @TestFactory
  Stream<DynamicTest> logsInBy() {
    services.register("alice");
    return Stream.of(
            "'identifier': {'type': 'm.id.user', 'user': 'alice'}",
            "'identifier': {'type': 'm.id.user', 'user': '@alice:hearth.test'}",
            "'identifier': {'type': 'm.id.user', 'user': 'ALICE'}",
            "'user': 'alice'",
            "'user': '@alice:hearth.test'")
        .map(identifier ->
            DynamicTest.dynamicTest(
                identifier,
                () -> {
                  Answer answer = logIn(identifier, PASSWORD, "").expect(200);

                  assertThat(answer.text("user_id")).isEqualTo("@alice:hearth.test");
                  assertThat(answer.text("access_token")).startsWith("hat_").hasSize(47);
                  services.client().as(answer.text("access_token")).get(WHOAMI).expect(200);
                }));
  }

  @TestFactory
  Stream<DynamicTest> forbidsWhomItDoesNotKnow() {
    services.register("alice");
    return Stream.of(
            "'identifier': {'type': 'm.id.user', 'user': 'bob'}",
            "'identifier': {'type': 'm.id.user', 'user': '@alice:other.test'}",
            "'identifier': {'type': 'm.id.user', 'user': '@alice'}",
            "'identifier': {'type': 'm.id.user', 'user': ''}",
            "'identifier': {'type': 'm.id.thirdparty', 'medium': 'email', 'address': 'a@b.test'}",
            "'identifier': {'type': 'm.id.phone', 'country': 'GB', 'phone': '0123'}",
            "'medium': 'email', 'address': 'a@b.test'")
        .map(identifier ->
            DynamicTest.dynamicTest(
                identifier,
                () -> {
                  logIn(identifier, PASSWORD, "").expect(403, "M_FORBIDDEN");
                }));
  }

  @Test
  void forbidsWrongPasswords() {
    services.register("alice");

    logIn("'user': 'alice'", "wrong", "").expect(403, "M_FORBIDDEN");
    logIn("'user': 'alice'", "", "").expect(403, "M_FORBIDDEN");
  }

  @Test
  void refusesWhatIsNotALogin() {
    services.client().post(LOGIN, "{}").expect(400, "M_MISSING_PARAM");
    services.client().post(LOGIN, "{'type': 'm.login.magic'}").expect(400, "M_UNKNOWN");
    services.client().post(LOGIN, "{'type': 7}").expect(400, "M_BAD_JSON");
    services
        .client()
        .post(LOGIN, "{'type': 'm.login.password', 'user': 'alice'}")
        .expect(400, "M_MISSING_PARAM");
    services
        .client()
        .post(LOGIN, "{'type': 'm.login.password', 'password': 'x'}")
        .expect(400, "M_MISSING_PARAM");
    logIn("'identifier': {'type': 'm.id.magic'}", "x", "").expect(400, "M_UNKNOWN");
    logIn("'identifier': 'alice'", "x", "").expect(400, "M_BAD_JSON");
    logIn("'identifier': {}", "x", "").expect(400, "M_MISSING_PARAM");
    logInAlice(", 'device_id': '%s'".formatted("D".repeat(256))).expect(400, "M_INVALID_PARAM");
    logInAlice(", 'device_id': ''").expect(400, "M_INVALID_PARAM");
  }

  @Test
  void aDeviceThatLogsInAgainKeepsItsNameAndLosesItsOldToken() {
    services.register("alice");
    Answer first =
        logInAlice(", 'device_id': 'PHONE', 'initial_device_display_name': 'Mine'").expect(200);

    Answer second =
        logInAlice(", 'device_id': 'PHONE', 'initial_device_display_name': 'Other'").expect(200);

    services.client().as(first.text("access_token")).get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
    TestClient alice = services.client().as(second.text("access_token"));
    assertThat(alice.get("/_matrix/client/v3/devices/PHONE").expect(200).text("display_name"))
        .isEqualTo("Mine");
  }

  @Test
  void deviceNamesAreNotTooLong() {
    services.register("alice");

    logInAlice(", 'initial_device_display_name': '%s'".formatted("n".repeat(101)))
        .expect(400, "M_TOO_LARGE");
    logInAlice(", 'initial_device_display_name': '%s'".formatted("n".repeat(100))).expect(200);
  }

  @Test
  void logoutEndsTheSessionAndItsDevice() throws InterruptedException {
    Answer registered = services.registration("alice");
    TestClient alice = services.client().as(registered.text("access_token"));

    alice.post("/_matrix/client/v3/logout", "{}").expect(200);

    Answer refused = alice.get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
    assertThat(refused.at("/soft_logout").asBoolean()).isFalse();
    assertThat(services.tables().devices(user("alice"))).isEmpty();
    assertThat(services.announced())
        .contains(
            new AccountOutput.DeviceRemoved(
                user("alice"), new DeviceId(registered.text("device_id"))));
    alice.post("/_matrix/client/v3/logout", "{}").expect(401, "M_UNKNOWN_TOKEN");
  }

  @Test
  void logoutNeedsNoBody() {
    TestClient alice = services.register("alice");

    alice.send("POST", "/_matrix/client/v3/logout", null).expect(200);
  }

  @Test
  void logoutOfAllEndsEverySession() {
    TestClient first = services.register("alice");
    TestClient second = services.client().as(logInAlice("").expect(200).text("access_token"));
    TestClient bob = services.register("bob");

    second.post("/_matrix/client/v3/logout/all", "{}").expect(200);

    first.get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
    second.get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
    bob.get(WHOAMI).expect(200);
    logInAlice("").expect(200);
  }

  @Test
  void tokensThatAreNoneAreRefused() {
    services.client().get(WHOAMI).expect(401, "M_MISSING_TOKEN");
    services.client().post("/_matrix/client/v3/logout", "{}").expect(401, "M_MISSING_TOKEN");
    for (String token : List.of("x", "hat_" + "A".repeat(43), "t".repeat(4000))) {
      services.client().as(token).get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
    }
  }

  @Test
  void lockedAccountIsRefusedSoftlyAndMayLogOut() {
    services.register("alice");
    TestClient alice = services.client().as(logInAlice("").expect(200).text("access_token"));
    services.accounts().setLocked(user("alice"), true);

    Answer refused = alice.get(WHOAMI).expect(401, "M_USER_LOCKED");
    assertThat(refused.at("/soft_logout").asBoolean()).isTrue();
    logInAlice("").expect(401, "M_USER_LOCKED");

    services.accounts().setLocked(user("alice"), false);
    alice.get(WHOAMI).expect(200);

    services.accounts().setLocked(user("alice"), true);
    alice.post("/_matrix/client/v3/logout", "{}").expect(200);
    alice.get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
  }

  @Test
  void moreDevicesThanAllowedCostTheOneNotSeenForLongest() {
    services.register("alice");
    for (int i = 0; i < Sessions.MOST_DEVICES; i++) {
      logInAlice(", 'device_id': 'D%03d'".formatted(i)).expect(200);
    }

    assertThat(services.tables().devices(user("alice"))).hasSize(Sessions.MOST_DEVICES);
    assertThat(services.tables().device(user("alice"), new DeviceId("D199"))).isPresent();
  }

  @Test
  void storesHashesOfTokensOnly() throws Exception {
    String token = services.registration("alice").text("access_token");

    assertThat(StoredText.isAnywhereIn(services.folder(), token)).isFalse();
    assertThat(StoredText.isAnywhereIn(services.folder(), PASSWORD)).isFalse();
    assertThat(StoredText.isAnywhereIn(services.folder(), "argon2id")).isTrue();
  }
}
