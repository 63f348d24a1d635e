package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.PASSWORD;
import static org.hearth.server.services.account.ServicesExtension.user;

import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DevicesTest {
  private static final String DEVICES = "/_matrix/client/v3/devices";

  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  private TestClient logIn(String name, String device) {
    return services
        .client()
        .as(
            services
                .client()
                .post(
                    "/_matrix/client/v3/login",
                    "{'type': 'm.login.password', 'user': '%s', 'password': '%s', 'device_id': '%s'}"
                        .formatted(name, PASSWORD, device))
                .expect(200)
                .text("access_token"));
  }

  /// Its row cannot be read any more: no device has such an id.
  private void damage(String device) {
    RowChange change =
        RowChange.of(
            new Table("device", "a test's", "the test"),
            "UPDATE device SET device_id = '' WHERE device_id = ?",
            (statement, _) -> statement.setString(1, device));
    var _ = services.store().committer().commit("test", List.of(change), List.of());
  }

  @Test
  void aDeviceWhoseRowIsDamagedIsLoggedOutWithAllOthers() {
    TestClient alice = services.register("alice");
    TestClient laptop = logIn("alice", "LAPTOP");
    damage("LAPTOP");
    assertThat(alice.get(DEVICES).expect(200).at("/devices")).hasSize(1);
    laptop.get(DEVICES).expect(200);

    alice.post("/_matrix/client/v3/logout/all", "{}").expect(200);

    laptop.get(DEVICES).expect(401, "M_UNKNOWN_TOKEN");
    alice.get(DEVICES).expect(401, "M_UNKNOWN_TOKEN");
    long unreadable = services.store().figures().unreadable();
    assertThat(services.tables().devices(user("alice"))).isEmpty();
    assertThat(services.store().figures().unreadable()).isEqualTo(unreadable);
  }

  @Test
  void aDeviceWhoseRowIsDamagedLogsItselfOut() {
    services.register("alice");
    TestClient laptop = logIn("alice", "LAPTOP");
    damage("LAPTOP");

    laptop.post("/_matrix/client/v3/logout", "{}").expect(200);

    laptop.get(DEVICES).expect(401, "M_UNKNOWN_TOKEN");
  }

  private static String auth(String session, String user, String password) {
    return "'auth': {'type': 'm.login.password', 'session': '%s', 'password': '%s', 'identifier': {'type': 'm.id.user', 'user': '%s'}}"
        .formatted(session, password, user);
  }

  @Test
  void listsTheUsersDevicesWithWhenTheyWereSeen() {
    TestClient alice = services.register("alice");
    logIn("alice", "LAPTOP").get(DEVICES).expect(200);
    services.register("bob");

    Answer answer = alice.get(DEVICES).expect(200);

    assertThat(answer.at("/devices")).hasSize(2);
    assertThat(answer.at("/devices"))
        .filteredOn(each -> each.path("device_id").asText().equals("LAPTOP"))
        .first()
        .satisfies(each -> {
          assertThat(each.path("last_seen_ts").asLong())
              .isEqualTo(services.clock().instant().toEpochMilli());
          assertThat(each.path("last_seen_ip").asText()).isEqualTo("127.0.0.1");
        });
  }

  @Test
  void whenADeviceWasSeenOutlivesARestart() throws InterruptedException {
    services.register("alice");
    logIn("alice", "LAPTOP").get(DEVICES).expect(200);

    services.restart();

    assertThat(services.tables().device(user("alice"), new DeviceId("LAPTOP")))
        .hasValueSatisfying(
            each -> assertThat(each.lastSeen()).contains(services.clock().instant()));
    assertThat(services.tables().seenLast(10)).containsExactly(user("alice"));
  }

  @Test
  void renamesADevice() throws InterruptedException {
    services.register("alice");
    TestClient laptop = logIn("alice", "LAPTOP");

    laptop.put(DEVICES + "/LAPTOP", "{'display_name': 'Kitchen'}").expect(200);
    laptop.put(DEVICES + "/LAPTOP", "{}").expect(200);

    assertThat(laptop.get(DEVICES + "/LAPTOP").expect(200).text("display_name"))
        .isEqualTo("Kitchen");
    assertThat(services.announced())
        .contains(new AccountOutput.DeviceChanged(user("alice"), new DeviceId("LAPTOP")));
    laptop
        .put(DEVICES + "/LAPTOP", "{'display_name': '%s'}".formatted("x".repeat(101)))
        .expect(400, "M_TOO_LARGE");
    laptop.put(DEVICES + "/LAPTOP", "{'display_name': 1}").expect(400, "M_BAD_JSON");
  }

  @Test
  void devicesOfOthersAreNotThere() {
    services.register("alice");
    logIn("alice", "LAPTOP");
    TestClient bob = services.register("bob");

    bob.get(DEVICES + "/LAPTOP").expect(404, "M_NOT_FOUND");
    bob.put(DEVICES + "/LAPTOP", "{'display_name': 'x'}").expect(404, "M_NOT_FOUND");
    bob.get(DEVICES + "/" + "x".repeat(300)).expect(404, "M_NOT_FOUND");
  }

  @Test
  void deletesADeviceOnceThePasswordIsShown() {
    TestClient alice = services.register("alice");
    TestClient laptop = logIn("alice", "LAPTOP");
    Answer challenge = alice.delete(DEVICES + "/LAPTOP", "{}").expect(401);
    assertThat(challenge.at("/flows/0/stages/0").asText()).isEqualTo("m.login.password");
    String session = challenge.text("session");

    Answer wrong =
        alice
            .delete(DEVICES + "/LAPTOP", "{%s}".formatted(auth(session, "alice", "wrong")))
            .expect(401, "M_FORBIDDEN");
    assertThat(wrong.text("session")).isEqualTo(session);
    laptop.get(DEVICES).expect(200);
    alice
        .delete(DEVICES + "/LAPTOP", "{%s}".formatted(auth(session, "alice", PASSWORD)))
        .expect(200);

    laptop.get(DEVICES).expect(401, "M_UNKNOWN_TOKEN");
    assertThat(alice.get(DEVICES).expect(200).at("/devices")).hasSize(1);
  }

  @Test
  void deletingADeviceThatIsGoneIsNoError() {
    TestClient alice = services.register("alice");

    alice
        .delete(
            DEVICES + "/GONE",
            "{%s}"
                .formatted(auth(session(alice.delete(DEVICES + "/GONE", "{}")), "alice", PASSWORD)))
        .expect(200);
  }

  private static String session(Answer challenge) {
    return challenge.expect(401).text("session");
  }

  @Test
  void deletesSeveralDevices() {
    TestClient alice = services.register("alice");
    TestClient laptop = logIn("alice", "LAPTOP");
    TestClient tablet = logIn("alice", "TABLET");
    String path = "/_matrix/client/v3/delete_devices";
    String devices = "'devices': ['LAPTOP', 'TABLET', 'GONE', 'LAPTOP']";
    String session = session(alice.post(path, "{%s}".formatted(devices)));

    alice.post(path, "{%s, %s}".formatted(devices, auth(session, "alice", PASSWORD))).expect(200);

    laptop.get(DEVICES).expect(401, "M_UNKNOWN_TOKEN");
    tablet.get(DEVICES).expect(401, "M_UNKNOWN_TOKEN");
    alice.post(path, "{}").expect(400, "M_MISSING_PARAM");
    alice.post(path, "{'devices': 'LAPTOP'}").expect(400, "M_BAD_JSON");
    alice.post(path, "{'devices': [1]}").expect(400, "M_BAD_JSON");
  }

  @Test
  void sessionIsGoodForTheFirstOperationOnly() {
    TestClient alice = services.register("alice");
    logIn("alice", "LAPTOP");
    logIn("alice", "TABLET");
    String path = "/_matrix/client/v3/delete_devices";
    String session = session(alice.post(path, "{'devices': ['LAPTOP']}"));

    // Another body, another path, another user.
    alice
        .post(path, "{'devices': ['TABLET'], %s}".formatted(auth(session, "alice", PASSWORD)))
        .expect(403, "M_FORBIDDEN");
    alice
        .delete(DEVICES + "/LAPTOP", "{%s}".formatted(auth(session, "alice", PASSWORD)))
        .expect(403, "M_FORBIDDEN");
    services
        .register("bob")
        .post(path, "{'devices': ['LAPTOP'], %s}".formatted(auth(session, "bob", PASSWORD)))
        .expect(403, "M_FORBIDDEN");

    assertThat(alice.get(DEVICES).expect(200).at("/devices")).hasSize(3);
  }

  @Test
  void passwordOfAnotherUserDoesNotDo() {
    TestClient alice = services.register("alice");
    TestClient laptop = logIn("alice", "LAPTOP");
    services.register("bob");
    String session = session(alice.delete(DEVICES + "/LAPTOP", "{}"));

    for (String password : List.of(PASSWORD, "wrong")) {
      alice
          .delete(DEVICES + "/LAPTOP", "{%s}".formatted(auth(session, "bob", password)))
          .expect(403, "M_FORBIDDEN");
    }
    laptop.get(DEVICES).expect(200);

    alice
        .delete(DEVICES + "/LAPTOP", "{%s}".formatted(auth(session, "alice", PASSWORD)))
        .expect(200);
  }

  @Test
  void addressThatNobodyHasIsForbiddenAsTheSpecificationSays() {
    TestClient alice = services.register("alice");
    String session = session(alice.delete(DEVICES + "/LAPTOP", "{}"));

    alice
        .delete(
            DEVICES + "/LAPTOP",
            """
            {'auth': {'type': 'm.login.password', 'session': '%s', 'password': 'x', 'identifier':
              {'type': 'm.id.thirdparty', 'medium': 'email', 'address': 'a@b.test'}}}\
            """
                .formatted(session))
        .expect(403, "M_FORBIDDEN");
  }

  @Test
  void sessionThatIsUsedUpBeginsAnew() {
    TestClient alice = services.register("alice");
    String session = session(alice.delete(DEVICES + "/LAPTOP", "{}"));
    String body = "{%s}".formatted(auth(session, "alice", PASSWORD));
    alice.delete(DEVICES + "/LAPTOP", body).expect(200);

    Answer again = alice.delete(DEVICES + "/LAPTOP", body).expect(401, "M_UNKNOWN");

    assertThat(again.text("session")).isNotEqualTo(session);
  }
}
