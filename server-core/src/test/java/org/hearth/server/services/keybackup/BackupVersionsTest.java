package org.hearth.server.services.keybackup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.keybackup.BackupClient.CURVE;
import static org.hearth.server.services.keybackup.BackupClient.key;

import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.services.account.ServicesExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BackupVersionsTest {
  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  private TestClient client;
  private BackupClient alice;

  @BeforeEach
  void register() {
    client = services.register("alice");
    alice = new BackupClient(client);
  }

  @Test
  void thereIsNoBackupAtFirst() {
    alice.current().expect(404, "M_NOT_FOUND");
    alice.version("1").expect(404, "M_NOT_FOUND");
  }

  @Test
  void aVersionIsAsItWasMade() {
    String id =
        client
            .post(
                "/_matrix/client/v3/room_keys/version",
                "{'algorithm': '%s', 'auth_data': {'public_key': 'abc', 'signatures': {'@alice:hearth.test': {'ed25519:D': 's'}}}}"
                    .formatted(CURVE))
            .expect(200)
            .text("version");

    Answer current = alice.current().expect(200);

    assertThat(current.text("algorithm")).isEqualTo(CURVE);
    assertThat(current.at("/auth_data").toString())
        .isEqualTo(
            "{\"public_key\":\"abc\",\"signatures\":{\"@alice:hearth.test\":{\"ed25519:D\":\"s\"}}}");
    assertThat(current.at("/count").isIntegralNumber()).isTrue();
    assertThat(current.at("/count").asInt()).isZero();
    assertThat(current.text("etag")).isNotEmpty();
    assertThat(current.text("version")).isEqualTo(id);
    assertThat(alice.version(id).expect(200).json()).isEqualTo(current.json());
  }

  /// Some clients use algorithms whose data is a text.
  @Test
  void anotherAlgorithmIsKeptAsItIs() {
    client
        .post(
            "/_matrix/client/r0/room_keys/version",
            "{'algorithm': 'org.test', 'auth_data': 'opaque'}")
        .expect(200);

    assertThat(alice.current().expect(200).text("auth_data")).isEqualTo("opaque");
  }

  @Test
  void theLatestVersionIsTheCurrentOne() {
    String first = alice.make();
    String second = alice.make();

    assertThat(second).isNotEqualTo(first);
    assertThat(alice.current().expect(200).text("version")).isEqualTo(second);
    assertThat(alice.version(first).expect(200).text("version")).isEqualTo(first);
  }

  @Test
  void theOneBeforeIsCurrentAgainWhenTheLatestIsDeleted() {
    String first = alice.make();
    String second = alice.make();

    alice.delete(second).expect(200);

    assertThat(alice.current().expect(200).text("version")).isEqualTo(first);
    alice.put(first, "/!room/s", key(true, 0, 0, "x")).expect(200);
    alice.version(second).expect(404, "M_NOT_FOUND");
    alice.delete(first).expect(200);
    alice.current().expect(404, "M_NOT_FOUND");
  }

  @Test
  void aVersionGetsOtherData() {
    String id = alice.make();
    alice.put(id, "/!room/s", key(true, 0, 0, "x")).expect(200);
    String etag = alice.current().text("etag");

    assertThat(
            alice
                .define(
                    id, "{'algorithm': '%s', 'auth_data': {'public_key': 'n'}}".formatted(CURVE))
                .expect(200)
                .json()
                .toString())
        .isEqualTo("{}");
    alice
        .define(
            id,
            "{'algorithm': '%s', 'auth_data': {'public_key': 'new'}, 'version': '%s'}"
                .formatted(CURVE, id))
        .expect(200);

    Answer current = alice.current().expect(200);
    assertThat(current.at("/auth_data").toString()).isEqualTo("{\"public_key\":\"new\"}");
    assertThat(current.text("etag")).isEqualTo(etag);
    assertThat(current.at("/count").asInt()).isEqualTo(1);
  }

  /// "Only `auth_data` can be modified."
  @Test
  void aVersionKeepsItsAlgorithm() {
    String id = alice.make();
    String other = alice.make();

    alice.define(id, "{'algorithm': 'org.test', 'auth_data': {}}").expect(400, "M_INVALID_PARAM");
    alice
        .define(id, "{'algorithm': '%s', 'auth_data': {}, 'version': '%s'}".formatted(CURVE, other))
        .expect(400, "M_INVALID_PARAM");

    assertThat(alice.version(id).expect(200).at("/auth_data/public_key").asText())
        .isEqualTo("abcdefg");
  }

  @Test
  void aDeletedVersionStaysDeleted() {
    String id = alice.make();
    alice.put(id, "/!room/s", key(true, 0, 0, "x")).expect(200);
    String data = "{'algorithm': '%s', 'auth_data': {}}".formatted(CURVE);

    assertThat(alice.delete(id).expect(200).json().toString()).isEqualTo("{}");

    alice.version(id).expect(404, "M_NOT_FOUND");
    alice.define(id, data).expect(404, "M_NOT_FOUND");
    alice.keys(id, "").expect(404, "M_NOT_FOUND");
    alice.keys(id, "/!room").expect(404, "M_NOT_FOUND");
    alice.keys(id, "/!room/s").expect(404, "M_NOT_FOUND");
    alice.put(id, "/!room/s", key(true, 0, 0, "x")).expect(404, "M_NOT_FOUND");
    alice.deleteKeys(id, "").expect(404, "M_NOT_FOUND");
    // "If the backup was previously deleted, the call should succeed rather than returning an
    // error."
    alice.delete(id).expect(200);
    alice.delete("2").expect(404, "M_NOT_FOUND");

    String next = alice.make();
    assertThat(next).isNotEqualTo(id);
    alice.delete(id).expect(200);
    alice.version(id).expect(404, "M_NOT_FOUND");
    assertThat(alice.keys(next, "").expect(200).json().toString()).isEqualTo("{\"rooms\":{}}");
    alice.version(next).expect(200);
  }

  @Test
  void anotherUsersVersionIsUnknown() {
    BackupClient bob = new BackupClient(services.register("bob"));
    alice.make();
    String second = alice.make();
    alice.put(second, "/!room/s", key(true, 0, 0, "hers")).expect(200);
    String his = bob.make();

    bob.version(second).expect(404, "M_NOT_FOUND");
    bob.keys(second, "").expect(404, "M_NOT_FOUND");
    bob.delete(second).expect(404, "M_NOT_FOUND");
    bob.put(his, "/!room/s", key(true, 0, 0, "his")).expect(200);

    assertThat(alice.data(second, "/!room/s")).isEqualTo("hers");
    assertThat(bob.data(his, "/!room/s")).isEqualTo("his");
    assertThat(bob.current().expect(200).at("/count").asInt()).isEqualTo(1);
  }

  @Test
  void versionsHaveABound() {
    for (int i = 0; i < KeyBackupService.MOST_VERSIONS; i++) {
      alice.make();
    }

    alice.make("more").expect(413, "M_TOO_LARGE");
    alice.delete("7").expect(200);
    String last = alice.make();

    assertThat(last).isEqualTo(Integer.toString(KeyBackupService.MOST_VERSIONS + 1));
    assertThat(new BackupTables(services.store().reads()).of(ServicesExtension.user("alice")).all())
        .hasSize(KeyBackupService.MOST_VERSIONS);
    alice.make("more").expect(413, "M_TOO_LARGE");
  }
}
