package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.PASSWORD;
import static org.hearth.server.services.account.ServicesExtension.user;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.logs.AccountOutput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PasswordAndClosingTest {
  private static final String CHANGE = "/_matrix/client/v3/account/password";
  private static final String CLOSE = "/_matrix/client/v3/account/deactivate";
  private static final String WHOAMI = "/_matrix/client/v3/account/whoami";
  private static final String NEW_PASSWORD = "another password";

  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  private Answer logIn(String name, String password) {
    return services
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'user': '%s', 'password': '%s'}"
                .formatted(name, password));
  }

  private TestClient loggedIn(String name) {
    return services.client().as(logIn(name, PASSWORD).expect(200).text("access_token"));
  }

  private static String auth(String session, String name, String password) {
    return "'auth': {'type': 'm.login.password', 'session': '%s', 'password': '%s', 'user': '%s'}"
        .formatted(session, password, name);
  }

  /// Does it with the password of the user.
  private static Answer guarded(TestClient client, String path, String body, String name) {
    String more = body.isEmpty() ? "" : body + ", ";
    String session = client.post(path, "{" + body + "}").expect(401).text("session");
    return client.post(path, "{" + more + auth(session, name, PASSWORD) + "}");
  }

  @Test
  void newPasswordReplacesTheOldOneAndLogsOtherDevicesOut() {
    TestClient other = services.register("alice");
    TestClient alice = loggedIn("alice");

    guarded(alice, CHANGE, "'new_password': '%s'".formatted(NEW_PASSWORD), "alice").expect(200);

    alice.get(WHOAMI).expect(200);
    other.get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
    logIn("alice", PASSWORD).expect(403, "M_FORBIDDEN");
    logIn("alice", NEW_PASSWORD).expect(200);
  }

  @Test
  void anAccountThatIsClosedAfterTheStopLeavesItsRoomsAtTheNextStart() throws Exception {
    TestClient alice = services.register("alice");
    services.accounts().stop();

    Answer answer = guarded(alice, CLOSE, "", "alice").expect(503);

    assertThat(answer.text("error")).isEqualTo("The server is stopping");
    assertThat(services.tables().leaving()).containsExactly(user("alice"));
  }

  /// They wait for a while, with what is to be done.
  @Test
  void sessionsAreWeighedByWhatTheyTakeInMemory() {
    TestClient alice = services.register("alice");
    List<String> sessions = new ArrayList<>();
    String large = "'a': [" + "{'': 0},".repeat(7_000) + "0]";
    for (int i = 0; i < 8; i++) {
      sessions.add(alice.post(CLOSE, "{" + large + "}").expect(401).text("session"));
    }

    long known =
        sessions.stream()
            .filter(each ->
                alice
                    .post(CLOSE, "{'auth': {'session': '" + each + "'}}")
                    .text("session")
                    .equals(each))
            .count();

    assertThat(known).isLessThan(5);
  }

  @Test
  void otherDevicesStayWhenAskedFor() {
    TestClient other = services.register("alice");
    TestClient alice = loggedIn("alice");

    guarded(
            alice,
            CHANGE,
            "'new_password': '%s', 'logout_devices': false".formatted(NEW_PASSWORD),
            "alice")
        .expect(200);

    other.get(WHOAMI).expect(200);
  }

  @Test
  void passwordCanBeChangedWithoutBeingLoggedIn() {
    services.register("alice");

    guarded(services.client(), CHANGE, "'new_password': '%s'".formatted(NEW_PASSWORD), "alice")
        .expect(200);

    logIn("alice", NEW_PASSWORD).expect(200);
  }

  @Test
  void newPasswordIsChecked() {
    TestClient alice = services.register("alice");

    alice.post(CHANGE, "{'new_password': 'short'}").expect(400, "M_WEAK_PASSWORD");
    alice
        .post(CHANGE, "{'new_password': '%s'}".formatted("x".repeat(513)))
        .expect(400, "M_INVALID_PARAM");
    alice.post(CHANGE, "{'new_password': true}").expect(400, "M_BAD_JSON");
    guarded(alice, CHANGE, "'other': 1", "alice").expect(400, "M_MISSING_PARAM");
    logIn("alice", PASSWORD).expect(200);
  }

  @Test
  void theBodyMayBeLeftOutOnceTheSessionHasIt() {
    TestClient alice = services.register("alice");
    String session =
        alice
            .post(CHANGE, "{'new_password': '%s'}".formatted(NEW_PASSWORD))
            .expect(401)
            .text("session");

    alice.post(CHANGE, "{%s}".formatted(auth(session, "alice", PASSWORD))).expect(200);

    logIn("alice", NEW_PASSWORD).expect(200);
  }

  @Test
  void closedAccountIsGoneWithItsDevicesAndItsNameStaysTaken() throws InterruptedException {
    TestClient other = services.register("alice");
    TestClient alice = loggedIn("alice");

    Answer answer = guarded(alice, CLOSE, "", "alice").expect(200);

    assertThat(answer.text("id_server_unbind_result")).isEqualTo("success");
    alice.get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
    other.get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
    logIn("alice", PASSWORD).expect(403, "M_USER_DEACTIVATED");
    services
        .client()
        .post("/_matrix/client/v3/register", "{'username': 'alice', 'password': 'long enough'}")
        .expect(400, "M_USER_IN_USE");
    services
        .client()
        .get("/_matrix/client/v3/profile/@alice:hearth.test")
        .expect(404, "M_NOT_FOUND");
    assertThat(services.announced()).contains(new AccountOutput.AccountDeactivated(user("alice")));
    assertThat(services.tables().isActive(user("alice"))).isFalse();
    assertThat(services.tables().isErased(user("alice"))).isFalse();
  }

  @Test
  void accountIsNotClosedWithoutThePassword() {
    TestClient alice = services.register("alice");
    String session = alice.post(CLOSE, "{}").expect(401).text("session");

    alice.post(CLOSE, "{%s}".formatted(auth(session, "alice", "wrong"))).expect(401, "M_FORBIDDEN");
    services.client().post(CLOSE, "{}").expect(401);

    alice.get(WHOAMI).expect(200);
  }

  @Test
  void erasureIsRemembered() {
    TestClient alice = services.register("alice");
    alice
        .put("/_matrix/client/v3/user/@alice:hearth.test/account_data/org.test", "{'a': 1}")
        .expect(200);

    guarded(alice, CLOSE, "'erase': true", "alice").expect(200);

    assertThat(services.tables().isErased(user("alice"))).isTrue();
    assertThat(services.data().global(user("alice"), "org.test")).isEmpty();
  }

  @Test
  void roomsAreLeftAlsoWhenThatFailedAtFirst() throws InterruptedException {
    services.rooms().broken = true;
    services.register("alice");
    services.accounts().deactivate(user("alice"), false);
    services.restart();
    assertThat(services.tables().leaving()).containsExactly(user("alice"));
    assertThat(services.rooms().left).isEmpty();

    services.rooms().broken = false;
    services.restart();
    long until = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (services.rooms().left.isEmpty() && System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    services.restart();

    assertThat(services.rooms().left).contains(user("alice"));
    assertThat(services.tables().leaving()).isEmpty();
  }
}
