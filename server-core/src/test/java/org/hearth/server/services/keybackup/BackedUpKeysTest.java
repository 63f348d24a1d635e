package org.hearth.server.services.keybackup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.user;
import static org.hearth.server.services.keybackup.BackupClient.key;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.services.account.ServicesExtension;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BackedUpKeysTest {
  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  private BackupClient alice;
  private String version;

  @BeforeEach
  void makeVersion() {
    alice = new BackupClient(services.register("alice"));
    version = alice.make();
  }

  @Test
  void aNewBackupIsEmpty() {
    assertThat(alice.keys(version, "").expect(200).json().toString()).isEqualTo("{\"rooms\":{}}");
    assertThat(alice.keys(version, "/!room").expect(200).json().toString())
        .isEqualTo("{\"sessions\":{}}");
    alice.keys(version, "/!room/s").expect(404, "M_NOT_FOUND");
  }

  @Test
  void aKeyIsKeptAsItCame() {
    String sent =
        "{'first_message_index': 3, 'forwarded_count': 2, 'is_verified': true,"
            + " 'session_data': {'ephemeral': 'e', 'ciphertext': 'ü', 'more': [1, {}]}}";

    alice.put(version, "/!room:elsewhere.test/a%2Fb+c", sent).expect(200);

    JsonNode key = alice.keys(version, "/!room:elsewhere.test/a%2Fb+c").expect(200).json();
    assertThat(key.toString())
        .isEqualTo(
            "{\"first_message_index\":3,\"forwarded_count\":2,\"is_verified\":true,"
                + "\"session_data\":{\"ephemeral\":\"e\",\"ciphertext\":\"ü\",\"more\":[1,{}]}}");
    assertThat(alice.keys(version, "/!room:elsewhere.test").expect(200).json().toString())
        .isEqualTo("{\"sessions\":{\"a/b+c\":" + key + "}}");
    assertThat(alice.keys(version, "").expect(200).json().toString())
        .isEqualTo("{\"rooms\":{\"!room:elsewhere.test\":{\"sessions\":{\"a/b+c\":" + key + "}}}}");
  }

  /// Some clients use algorithms whose data is a text.
  @Test
  void theDataOfAnotherAlgorithmMayBeAText() {
    alice
        .put(
            version,
            "/!room/s",
            "{'first_message_index': 3, 'forwarded_count': 0, 'is_verified': false, 'session_data': 'opaque'}")
        .expect(200);

    assertThat(alice.keys(version, "/!room/s").expect(200).text("session_data"))
        .isEqualTo("opaque");
  }

  @Test
  void manyKeysAreStoredAtOnce() {
    alice
        .put(
            version,
            "",
            "{'rooms': {'!a': {'sessions': {'1': %s, '2': %s}}, '!b': {'sessions': {'1': %s}}}}"
                .formatted(key(true, 0, 0, "a1"), key(true, 0, 0, "a2"), key(true, 0, 0, "b1")))
        .expect(200);
    Answer last =
        alice
            .put(version, "/!b", "{'sessions': {'2': %s}}".formatted(key(true, 0, 0, "b2")))
            .expect(200);

    assertThat(last.at("/count").asInt()).isEqualTo(4);
    JsonNode rooms = alice.keys(version, "").expect(200).at("/rooms");
    assertThat(rooms.at("/!a/sessions/2/session_data/ciphertext").asText()).isEqualTo("a2");
    assertThat(rooms.at("/!b/sessions/1/session_data/ciphertext").asText()).isEqualTo("b1");
    assertThat(rooms.at("/!b/sessions")).hasSize(2);
    assertThat(alice.keys(version, "/!a").expect(200).at("/sessions")).hasSize(2);
  }

  /// More than one commit and one page hold.
  @Test
  void aThousandKeysAreStoredReadAndDeleted() {
    String sessions =
        IntStream.range(0, 2 * BackupKeys.STEP + 1)
            .mapToObj(i -> "'s%d': %s".formatted(i, key(false, i, 0, "d" + i)))
            .collect(Collectors.joining(","));

    Answer stored =
        alice
            .put(
                version,
                "",
                "{'rooms': {'!a': {'sessions': {%s}}, '!b': {'sessions': {'s': %s}}}}"
                    .formatted(sessions, key(true, 0, 0, "b")))
            .expect(200);

    assertThat(stored.at("/count").asInt()).isEqualTo(2 * BackupKeys.STEP + 2);
    JsonNode rooms = alice.keys(version, "").expect(200).at("/rooms");
    assertThat(rooms.at("/!a/sessions")).hasSize(2 * BackupKeys.STEP + 1);
    assertThat(rooms.at("/!a/sessions/s1000/first_message_index").asInt()).isEqualTo(1000);
    assertThat(alice.keys(version, "/!a").expect(200).json()).isEqualTo(rooms.at("/!a"));
    assertThat(alice.deleteKeys(version, "").expect(200).at("/count").asInt()).isZero();
    assertThat(alice.keys(version, "").expect(200).at("/rooms")).isEmpty();
  }

  @Test
  void aKeyIsReplacedByABetterOneOnly() {
    alice.put(version, "/!room/s", key(false, 5, 5, "first")).expect(200);

    alice.put(version, "/!room/s", key(false, 6, 0, "later")).expect(200);
    assertThat(alice.data(version, "/!room/s")).isEqualTo("first");
    alice.put(version, "/!room/s", key(false, 5, 4, "nearer")).expect(200);
    assertThat(alice.data(version, "/!room/s")).isEqualTo("nearer");
    alice.put(version, "/!room", "{'sessions': {'s': %s}}".formatted(key(false, 4, 9, "earlier")));
    assertThat(alice.data(version, "/!room/s")).isEqualTo("earlier");
    alice.put(
        version,
        "",
        "{'rooms': {'!room': {'sessions': {'s': %s}}}}".formatted(key(true, 9, 9, "verified")));
    assertThat(alice.data(version, "/!room/s")).isEqualTo("verified");
    alice.put(version, "/!room/s", key(false, 0, 0, "unverified")).expect(200);
    assertThat(alice.data(version, "/!room/s")).isEqualTo("verified");
    assertThat(alice.keys(version, "/!room/s").at("/first_message_index").asInt()).isEqualTo(9);
  }

  @Test
  void etagAndCountTellWhatChanged() {
    String empty = alice.current().text("etag");

    Answer one = alice.put(version, "/!room/s", key(false, 1, 1, "x")).expect(200);
    Answer same = alice.put(version, "/!room/s", key(false, 1, 1, "y")).expect(200);
    Answer better = alice.put(version, "/!room/s", key(false, 0, 1, "z")).expect(200);
    Answer two = alice.put(version, "/!room/t", key(false, 1, 1, "x")).expect(200);

    assertThat(one.text("etag")).isNotEqualTo(empty);
    assertThat(one.at("/count").asInt()).isEqualTo(1);
    assertThat(same.json()).isEqualTo(one.json());
    assertThat(better.text("etag")).isNotEqualTo(one.text("etag"));
    assertThat(better.at("/count").asInt()).isEqualTo(1);
    assertThat(two.text("etag")).isNotIn(one.text("etag"), better.text("etag"));
    assertThat(two.at("/count").asInt()).isEqualTo(2);
    assertThat(alice.current().text("etag")).isEqualTo(two.text("etag"));
    assertThat(alice.version(version).at("/count").asInt()).isEqualTo(2);
    Answer none = alice.put(version, "", "{'rooms': {}}").expect(200);
    assertThat(none.json()).isEqualTo(two.json());
    Answer gone = alice.deleteKeys(version, "/!room/t").expect(200);
    assertThat(gone.text("etag")).isNotIn(one.text("etag"), better.text("etag"), two.text("etag"));
    assertThat(gone.at("/count").asInt()).isEqualTo(1);
    assertThat(alice.deleteKeys(version, "/!room/t").expect(200).json()).isEqualTo(gone.json());
  }

  @Test
  void keysAreDeletedByRoomAndSession() {
    String sessions = "{'sessions': {'1': %1$s, '2': %1$s}}".formatted(key(true, 0, 0, "x"));
    alice.put(version, "/!a", sessions).expect(200);
    alice.put(version, "/!b", sessions).expect(200);

    assertThat(alice.deleteKeys(version, "/!a/1").expect(200).at("/count").asInt()).isEqualTo(3);
    alice.keys(version, "/!a/1").expect(404, "M_NOT_FOUND");
    alice.keys(version, "/!a/2").expect(200);
    assertThat(alice.deleteKeys(version, "/!b").expect(200).at("/count").asInt()).isEqualTo(1);
    assertThat(alice.keys(version, "").expect(200).at("/rooms").size()).isEqualTo(1);
    assertThat(alice.deleteKeys(version, "").expect(200).at("/count").asInt()).isZero();
    assertThat(alice.keys(version, "").expect(200).json().toString()).isEqualTo("{\"rooms\":{}}");
  }

  /// "Keys can only be written to the most recently created version of the backup."
  @Test
  void anOldVersionTakesNoKeys() {
    alice.put(version, "/!room/s", key(true, 0, 0, "old")).expect(200);
    String current = alice.make();
    String key = key(true, 0, 0, "new");

    for (Answer answer :
        List.of(
            alice.put(version, "/!room/t", key),
            alice.put(version, "/!room", "{'sessions': {'t': %s}}".formatted(key)),
            alice.put(
                version, "", "{'rooms': {'!room': {'sessions': {'t': %s}}}}".formatted(key)))) {
      answer.expect(403, "M_WRONG_ROOM_KEYS_VERSION");
      assertThat(answer.text("current_version")).isEqualTo(current);
    }

    alice.put("99", "/!room/t", key).expect(404, "M_NOT_FOUND");
    // It can be read, and emptied.
    assertThat(alice.data(version, "/!room/s")).isEqualTo("old");
    alice.keys(current, "/!room/s").expect(404, "M_NOT_FOUND");
    assertThat(alice.deleteKeys(version, "").expect(200).at("/count").asInt()).isZero();
  }

  @Test
  void aRequestWithABadKeyStoresNone() {
    alice
        .put(
            version,
            "/!room",
            "{'sessions': {'good': %s, 'bad': {'is_verified': true}}}"
                .formatted(key(true, 0, 0, "x")))
        .expect(400, "M_MISSING_PARAM");

    assertThat(alice.keys(version, "/!room").expect(200).at("/sessions")).isEmpty();
  }

  @Test
  void whatWasAcknowledgedIsThereAfterARestart() throws InterruptedException {
    Answer before = alice.put(version, "/!room/s", key(true, 0, 0, "x")).expect(200);

    services.restart();
    BackupClient again = new BackupClient(services.client().as(tokenOf("alice")));

    assertThat(again.data(version, "/!room/s")).isEqualTo("x");
    assertThat(again.current().expect(200).text("etag")).isEqualTo(before.text("etag"));
    assertThat(again.current().at("/count").asInt()).isEqualTo(1);
  }

  private String tokenOf(String name) {
    return services
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'identifier': {'type': 'm.id.user', 'user': '%s'}, 'password': '%s'}"
                .formatted(name, ServicesExtension.PASSWORD))
        .expect(200)
        .text("access_token");
  }

  /// Without turns two requests would insert one row, and the worse key could win.
  @Test
  void clientsThatStoreTheSameKeyTakeTurns() throws Exception {
    List<Callable<Integer>> attempts = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      int index = i;
      attempts.add(() -> alice.put(version, "/!room/s", key(true, index, 0, "d" + index)).status());
    }

    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (Future<Integer> each : threads.invokeAll(attempts)) {
        assertThat(each.get()).isEqualTo(200);
      }
    }

    assertThat(alice.data(version, "/!room/s")).isEqualTo("d0");
    assertThat(alice.current().at("/count").asInt()).isEqualTo(1);
  }

  @Test
  void keysHaveABound() {
    alice.put(version, "/!room/s", key(false, 5, 0, "x")).expect(200);
    count(BackupKeys.MOST_KEYS - 1, 0);

    alice.put(version, "/!room/t", key(true, 0, 0, "x")).expect(413, "M_TOO_LARGE");
    alice.put(version, "/!room/s", key(true, 0, 0, "y")).expect(200);
    assertThat(alice.data(version, "/!room/s")).isEqualTo("y");
    // Those of other versions count too.
    String next = alice.make();
    alice.put(next, "/!room/t", key(true, 0, 0, "x")).expect(413, "M_TOO_LARGE");
    alice.delete(version).expect(200);
    alice.put(next, "/!room/t", key(true, 0, 0, "x")).expect(200);
  }

  @Test
  void bytesHaveABound() {
    alice.put(version, "/!room/s", key(false, 5, 0, "x".repeat(1_000))).expect(200);
    count(0, BackupKeys.MOST_BYTES - 1_100);

    alice.put(version, "/!room/t", key(true, 0, 0, "x".repeat(100))).expect(413, "M_TOO_LARGE");
    // What is replaced does not count.
    alice.put(version, "/!room/s", key(false, 4, 0, "x".repeat(500))).expect(200);
    alice.put(version, "/!room/t", key(true, 0, 0, "x".repeat(100))).expect(200);
    alice.deleteKeys(version, "/!room").expect(200);
    alice.put(version, "/!room/t", key(true, 0, 0, "x".repeat(1_000))).expect(200);
  }

  /// As if there were so many more.
  private void count(long keys, long bytes) {
    services
        .store()
        .committer()
        .commit(
            "test",
            List.of(BackupTables.count(user("alice"), Long.parseLong(version), keys, bytes)),
            List.of());
  }

  // --- what is left

  @Test
  void keysGoWithTheirVersion() {
    alice.put(version, "/!room/s", key(true, 0, 0, "x")).expect(200);
    String next = alice.make();
    alice.put(next, "/!room/s", key(true, 0, 0, "x")).expect(200);

    alice.delete(version).expect(200);

    assertThat(tables().versionAfter(user("alice"), 0)).contains(Long.parseLong(next));
  }

  @Test
  void keysOfADeletedVersionAreRemovedAfterARestart() throws InterruptedException {
    alice.put(version, "/!room/s", key(true, 0, 0, "x")).expect(200);
    String next = alice.make();
    alice.put(next, "/!room/s", key(true, 0, 0, "x")).expect(200);
    // The server ended between the commit of the deletion and the removal.
    services
        .store()
        .committer()
        .commit(
            "test",
            List.of(BackupTables.delete(user("alice"), Long.parseLong(version))),
            List.of());

    services.restart();

    Eventually.until(
        "the keys are removed",
        () -> tables().versionAfter(user("alice"), 0).equals(Optional.of(2L)));
  }

  @Test
  void backupsGoWithTheAccount() {
    BackupClient bob = new BackupClient(services.register("bob"));
    String his = bob.make();
    bob.put(his, "/!room/s", key(true, 0, 0, "x")).expect(200);
    alice.put(version, "/!room/s", key(true, 0, 0, "x")).expect(200);

    services.accounts().deactivate(user("alice"), false);

    assertThat(tables().of(user("alice")).all()).isEmpty();
    Eventually.until(
        "the keys are removed", () -> tables().versionAfter(user("alice"), 0).isEmpty());
    assertThat(bob.data(his, "/!room/s")).isEqualTo("x");
  }

  private BackupTables tables() {
    return new BackupTables(services.store().reads());
  }
}
