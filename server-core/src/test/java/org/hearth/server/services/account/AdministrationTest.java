package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.services.account.ServicesExtension.PASSWORD;
import static org.hearth.server.services.account.ServicesExtension.user;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class AdministrationTest {
  private static final String WHOAMI = "/_matrix/client/v3/account/whoami";

  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  private Answer logIn(String name, String password) {
    return services
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'user': '%s', 'password': '%s'}"
                .formatted(name, password));
  }

  @Test
  void makesUsers() {
    UserId made =
        services.accounts().createUser("Alice", PASSWORD, true, Optional.of("Alice the First"));

    assertThat(made).isEqualTo(user("alice"));
    assertThat(services.tables().isAdmin(made)).isTrue();
    assertThat(services.profiles().profile(made).displayName()).contains("Alice the First");
    logIn("alice", PASSWORD).expect(200);
    assertThatThrownBy(
            () -> services.accounts().createUser("alice", PASSWORD, false, Optional.empty()))
        .isInstanceOf(MatrixException.class)
        .hasMessageContaining("M_USER_IN_USE")
        .hasMessageContaining("an account of this name");
  }

  @Test
  void resetPasswordLogsAllDevicesOut() {
    TestClient alice = services.register("alice");

    services.accounts().resetPassword(user("alice"), "a new password");

    alice.get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
    logIn("alice", PASSWORD).expect(403, "M_FORBIDDEN");
    logIn("alice", "a new password").expect(200);
  }

  @Test
  void listsPeopleWithTheirDevices() {
    services.register("alice");
    logIn("alice", PASSWORD).expect(200);
    services.register("bob").get(WHOAMI).expect(200);
    services.register("under_score");

    List<UserSummary> all = services.accounts().users("", null, 10);

    assertThat(all)
        .extracting(each -> each.account().user().localpart())
        .containsExactly("alice", "bob", "under_score");
    assertThat(all).extracting(UserSummary::devices).containsExactly(2, 1, 1);
    assertThat(all)
        .as("who has logged in was seen, also without a request since")
        .allSatisfy(each -> assertThat(each.lastSeen()).contains(services.clock().instant()));
    assertThat(services.accounts().users("ALI", null, 10)).hasSize(1);
    assertThat(services.accounts().users("_", null, 10)).hasSize(1);
    assertThat(services.accounts().users("%", null, 10)).isEmpty();
    assertThat(services.accounts().users("", user("alice"), 1))
        .extracting(each -> each.account().user())
        .containsExactly(user("bob"));
    assertThat(services.tables().activeCount()).isEqualTo(3);
  }

  @Test
  void whatIsNotThereIsSaid() {
    UserId nobody = user("nobody");

    assertThatThrownBy(() -> services.accounts().resetPassword(nobody, PASSWORD))
        .isInstanceOf(MatrixException.class);
    assertThatThrownBy(() -> services.accounts().setAdmin(nobody, true))
        .isInstanceOf(MatrixException.class);
    assertThatThrownBy(() -> services.accounts().deactivate(nobody, false))
        .isInstanceOf(MatrixException.class);
    assertThatThrownBy(() -> services.accounts().setAdmin(UserId.parse("@alice:other.test"), true))
        .isInstanceOf(MatrixException.class);
  }

  @Test
  void lastOwnerStaysOne() {
    UserId alice = services.accounts().createUser("alice", PASSWORD, true, Optional.empty());
    UserId bob = services.accounts().createUser("bob", PASSWORD, false, Optional.empty());
    assertThat(services.tables().onlyOwner()).isPresent();

    for (ThrowingCallable loss :
        List.<ThrowingCallable>of(
            () -> services.accounts().setAdmin(alice, false),
            () -> services.accounts().setLocked(alice, true),
            () -> services.accounts().deactivate(alice, false))) {
      assertThatThrownBy(loss).hasMessageContaining("@alice:hearth.test is the only owner");
    }
    logIn("alice", PASSWORD).expect(200);

    services.accounts().setAdmin(bob, true);
    services.accounts().deactivate(alice, false);
    assertThat(services.tables().onlyOwner()).isPresent();
    assertThatThrownBy(() -> services.accounts().deactivate(bob, false))
        .hasMessageContaining("only owner");
  }

  @Test
  void ofOwnersWhoResignAtOnceOneStays() {
    List<UserId> owners =
        IntStream.range(0, 8)
            .mapToObj(
                i -> services.accounts().createUser("o" + i, PASSWORD, true, Optional.empty()))
            .toList();

    try (ExecutorService all = Executors.newFixedThreadPool(owners.size())) {
      owners.forEach(each -> all.execute(() -> resign(each)));
    }

    assertThat(services.tables().onlyOwner()).isPresent();
  }

  private void resign(UserId owner) {
    try {
      services.accounts().setAdmin(owner, false);
    } catch (MatrixException refused) {
      assertThat(refused).hasMessageContaining("only owner");
    }
  }

  @Test
  void administratorsLockAccounts() {
    TestClient alice = services.register("alice");
    TestClient owner = services.register("owner");
    services.accounts().setAdmin(user("owner"), true);
    String path = "/_matrix/client/v1/admin/lock/@alice:hearth.test";

    assertThat(owner.get(path).expect(200).at("/locked").asBoolean()).isFalse();
    owner.put(path, "{'locked': true}").expect(200);

    alice.get(WHOAMI).expect(401, "M_USER_LOCKED");
    assertThat(owner.get(path).expect(200).at("/locked").asBoolean()).isTrue();
    owner.put(path, "{'locked': false}").expect(200);
    alice.get(WHOAMI).expect(200);
    alice.put(path, "{'locked': true}").expect(403, "M_FORBIDDEN");
    owner.put(path, "{}").expect(400, "M_MISSING_PARAM");
    owner.get("/_matrix/client/v1/admin/lock/@owner:hearth.test").expect(403, "M_FORBIDDEN");
    owner.get("/_matrix/client/v1/admin/lock/@nobody:hearth.test").expect(404, "M_NOT_FOUND");
    owner.get("/_matrix/client/v1/admin/lock/@alice:other.test").expect(400, "M_INVALID_PARAM");
  }

  @Test
  void tellsClientsWhatTheServerCanDo() {
    TestClient alice = services.register("alice");

    Answer answer = alice.get("/_matrix/client/v3/capabilities").expect(200);

    assertThat(answer.json().at("/capabilities/m.change_password/enabled").asBoolean()).isTrue();
    assertThat(answer.json().at("/capabilities/m.room_versions/default").asText()).isEqualTo("12");
    assertThat(answer.json().at("/capabilities/m.room_versions/available").properties())
        .extracting(each -> each.getKey())
        .containsExactly("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12");
    services.client().get("/_matrix/client/v3/capabilities").expect(401, "M_MISSING_TOKEN");
  }
}
