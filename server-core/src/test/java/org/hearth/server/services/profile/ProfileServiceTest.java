package org.hearth.server.services.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.user;

import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.services.account.ServicesExtension;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

class ProfileServiceTest {
  private static final String ALICE = "/_matrix/client/v3/profile/@alice:hearth.test";
  private static final String AVATAR = "mxc://hearth.test/picture";

  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  @Test
  void profileIsSetAndReadByAnybody() throws InterruptedException {
    TestClient alice = services.register("alice");

    alice.put(ALICE + "/displayname", "{'displayname': 'Alice'}").expect(200);
    alice.put(ALICE + "/avatar_url", "{'avatar_url': '%s'}".formatted(AVATAR)).expect(200);
    services.restart();

    Answer all = services.client().get(ALICE).expect(200);
    assertThat(all.text("displayname")).isEqualTo("Alice");
    assertThat(all.text("avatar_url")).isEqualTo(AVATAR);
    Answer one = services.client().get(ALICE + "/displayname").expect(200);
    assertThat(one.json()).hasSize(1);
    assertThat(one.text("displayname")).isEqualTo("Alice");
    assertThat(services.profiles().profile(user("alice")))
        .isEqualTo(new Profile(Optional.of("Alice"), Optional.of(AVATAR)));
  }

  @Test
  void changesReachTheRoomsAndTheLog() throws InterruptedException {
    TestClient alice = services.register("alice");

    alice.put(ALICE + "/displayname", "{'displayname': 'Alice'}").expect(200);
    alice.put(ALICE + "/displayname", "{'displayname': 'Alice'}").expect(200);
    alice.put(ALICE + "/m.tz", "{'m.tz': 'Europe/London'}").expect(200);

    Profile shown = new Profile(Optional.of("Alice"), Optional.empty());
    assertThat(services.rooms().written).containsExactly(shown);
    assertThat(services.announced())
        .contains(new AccountOutput.ProfileChanged(user("alice"), "Alice", null));
    assertThat(services.profiles().spreading()).isEmpty();
  }

  @Test
  void changeThatComesAfterTheStopIsToldSoAndLeftToTheNextStart() throws InterruptedException {
    TestClient alice = services.register("alice");
    services.profileService().stop();

    Answer answer = alice.put(ALICE + "/displayname", "{'displayname': 'Alice'}").expect(503);

    assertThat(answer.text("error")).isEqualTo("The server is stopping");
    assertThat(services.profiles().spreading()).containsExactly(user("alice"));
  }

  @Test
  void changeThatCouldNotReachTheRoomsIsTakenUpAfterARestart() throws InterruptedException {
    TestClient alice = services.register("alice");
    services.rooms().broken = true;
    alice.put(ALICE + "/displayname", "{'displayname': 'Alice'}").expect(200);
    assertThat(services.profiles().spreading()).containsExactly(user("alice"));

    services.rooms().broken = false;
    services.restart();
    // One thread spreads, and what was left by the last start comes first.
    services
        .register("bob")
        .put(ALICE.replace("alice", "bob") + "/displayname", "{'displayname': 'Bob'}")
        .expect(200);

    assertThat(services.rooms().written)
        .contains(new Profile(Optional.of("Alice"), Optional.empty()));
    assertThat(services.profiles().spreading()).isEmpty();
  }

  @Test
  void fieldsAreRemovedByDeletingOrByAnEmptyText() {
    TestClient alice = services.register("alice");
    alice.put(ALICE + "/displayname", "{'displayname': 'Alice'}").expect(200);
    alice.put(ALICE + "/avatar_url", "{'avatar_url': '%s'}".formatted(AVATAR)).expect(200);

    alice.delete(ALICE + "/displayname").expect(200);
    alice.put(ALICE + "/avatar_url", "{'avatar_url': ''}").expect(200);

    alice.get(ALICE + "/displayname").expect(404, "M_NOT_FOUND");
    assertThat(alice.get(ALICE).expect(200).json()).isEmpty();
    alice.delete(ALICE + "/displayname").expect(200);
  }

  @Test
  void fieldsOfOnesOwnHoldAnyJson() {
    TestClient alice = services.register("alice");

    alice
        .put(ALICE + "/org.example.job", "{'org.example.job': {'title': 'Baker', 'since': [1, 2]}}")
        .expect(200);

    assertThat(alice.get(ALICE).expect(200).at("/org.example.job/title").asText())
        .isEqualTo("Baker");
  }

  @Test
  void onlyTheUserChangesTheProfile() {
    services.register("alice");
    TestClient bob = services.register("bob");

    bob.put(ALICE + "/displayname", "{'displayname': 'Bob'}").expect(403, "M_FORBIDDEN");
    bob.delete(ALICE + "/displayname").expect(403, "M_FORBIDDEN");
    services
        .client()
        .put(ALICE + "/displayname", "{'displayname': 'Bob'}")
        .expect(401, "M_MISSING_TOKEN");
  }

  @Test
  void unknownUsersHaveNoProfile() {
    services
        .client()
        .get("/_matrix/client/v3/profile/@nobody:hearth.test")
        .expect(404, "M_NOT_FOUND");
    services
        .client()
        .get("/_matrix/client/v3/profile/@alice:other.test")
        .expect(404, "M_NOT_FOUND");
    services.client().get("/_matrix/client/v3/profile/nobody").expect(400, "M_INVALID_PARAM");
  }

  @TestFactory
  Stream<DynamicTest> picturesAreOfThisNetworkOnly() {
    TestClient alice = services.register("alice");
    return Stream.of(
            "{'avatar_url': 'https://example.org/picture'}",
            "{'avatar_url': 'mxc://hearth.test/'}",
            "{'avatar_url': 'mxc://hearth.test/a/../b'}")
        .map(body ->
            DynamicTest.dynamicTest(
                body,
                () -> {
                  alice.put(ALICE + "/avatar_url", body).expect(400, "M_INVALID_PARAM");
                }));
  }

  @Test
  void refusesWhatIsNoField() {
    TestClient alice = services.register("alice");

    alice.put(ALICE + "/displayname", "{}").expect(400, "M_MISSING_PARAM");
    alice.put(ALICE + "/displayname", "{'displayname': 1}").expect(400, "M_BAD_JSON");
    alice.put(ALICE + "/displayname", "{'displayname'}").expect(400, "M_NOT_JSON");
    alice
        .put(ALICE + "/displayname", "{'displayname': '%s'}".formatted("x".repeat(257)))
        .expect(400, "M_INVALID_PARAM");
    alice.put(ALICE + "/org.test", "{'other': 1}").expect(400, "M_MISSING_PARAM");
    alice.put(ALICE + "/Name", "{'Name': 1}").expect(400, "M_INVALID_PARAM");
    String key = "a".repeat(256);
    alice.put(ALICE + "/" + key, "{'%s': 1}".formatted(key)).expect(400, "M_KEY_TOO_LARGE");
    alice
        .put(ALICE + "/org.test", "{'org.test': '%s'}".formatted("x".repeat(65_536)))
        .expect(400, "M_PROFILE_TOO_LARGE");
  }
}
