package org.hearth.server.services.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.http.TestClient.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The device of a user that nobody is logged in on, from its upload to who reads its messages.
@Tag("long")
class DehydratedDeviceTest {
  private static final String DEHYDRATED =
      "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device";

  /// As clients name it: a Curve25519 key in base 64.
  private static final String ID = "3C5BFWi2Y8MaVvjM8M22DBmh24PmgR0nPvJOIA/zgyI";

  @TempDir private Path folder;
  private WholeServer server;
  private KeyClient alice;
  private KeyClient bob;

  @BeforeEach
  void start() throws StartFailedException {
    server = new WholeServer(folder);
    server.start();
    alice = KeyClient.register(server, "alice");
    bob = KeyClient.register(server, "bob");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /// Bob's dehydrated device.
  private KeyClient asleep(String id) {
    return bob.another(id);
  }

  /// What a client uploads of a device.
  private static ObjectNode upload(KeyClient asleep, String... oneTimeKeys) {
    ObjectNode keys = asleep.deviceKeys();
    keys.put("dehydrated", true);
    ObjectNode body = keys.objectNode().put("device_id", asleep.device());
    body.putObject("device_data")
        .put("algorithm", "org.matrix.msc3814.v2")
        .put("device_pickle", "of " + asleep.device());
    body.put("initial_device_display_name", "Dehydrated device");
    body.set("device_keys", keys);
    body.set("one_time_keys", asleep.claimable(oneTimeKeys));
    body.set("fallback_keys", asleep.claimable("signed_curve25519:F"));
    return body;
  }

  private TestClient.Answer put(ObjectNode body) {
    return bob.http().put(DEHYDRATED, body);
  }

  private void dehydrate(String id, String... oneTimeKeys) {
    assertThat(put(upload(asleep(id), oneTimeKeys)).expect(200).text("device_id")).isEqualTo(id);
  }

  private void send(String device, int number) {
    alice
        .http()
        .put(
            "/_matrix/client/v3/sendToDevice/m.test/" + device.length() + "-" + number,
            "{'messages': {'%s': {'%s': {'n': %d}}}}".formatted(bob.user(), device, number))
        .expect(200);
  }

  private JsonNode messages(String id, String body) {
    return bob.http().post(DEHYDRATED + "/" + encoded(id) + "/events", body).expect(200).json();
  }

  private static List<Integer> numbers(JsonNode answer) {
    List<Integer> all = new ArrayList<>();
    answer.path("events").forEach(each -> all.add(each.at("/content/n").intValue()));
    return all;
  }

  private JsonNode keysOfBob() {
    return alice.query(bob.user()).path("device_keys").path(bob.user());
  }

  private static boolean isTold(JsonNode sync, String user) {
    return KeyClient.texts(sync.at("/device_lists/changed")).contains(user);
  }

  @Test
  void itsKeysAreThereForOthersAndItIsNoDeviceThatIsLoggedIn() {
    bob.http().get(DEHYDRATED).expect(404, "M_NOT_FOUND");
    String room =
        alice
            .http()
            .post("/_matrix/client/v3/createRoom", "{'preset': 'public_chat'}")
            .text("room_id");
    bob.http().post("/_matrix/client/v3/join/" + encoded(room), "{}").expect(200);
    String before = KeyClient.next(alice.sync(""));

    dehydrate(ID, "signed_curve25519:A", "signed_curve25519:B");

    assertThat(isTold(alice.sync(before), bob.user())).isTrue();
    ObjectNode keys = keysOfBob().path(ID).deepCopy();
    assertThat(keys.remove("unsigned").path("device_display_name").asText())
        .isEqualTo("Dehydrated device");
    assertThat(keys).isEqualTo(upload(asleep(ID)).path("device_keys"));
    assertThat(keys.path("dehydrated").asBoolean()).isTrue();
    assertThat(alice.claim(asleep(ID))).isEqualTo("signed_curve25519:A");
    assertThat(alice.claim(asleep(ID))).isEqualTo("signed_curve25519:B");
    assertThat(alice.claim(asleep(ID))).isEqualTo("signed_curve25519:F");
    JsonNode device = bob.http().get(DEHYDRATED).expect(200).json();
    assertThat(device.path("device_id").asText()).isEqualTo(ID);
    assertThat(device.path("device_data")).isEqualTo(upload(asleep(ID)).path("device_data"));
    JsonNode devices = bob.http().get("/_matrix/client/v3/devices").expect(200).json();
    assertThat(devices.findValuesAsText("device_id")).containsExactly(bob.device());
    alice.http().get(DEHYDRATED).expect(404, "M_NOT_FOUND");
  }

  @Test
  void itsMessagesAreReadInPagesAndStay() throws StartFailedException {
    dehydrate(ID);
    for (int i = 0; i < 101; i++) {
      send(i % 2 == 0 ? ID : "*", i);
    }

    JsonNode first = messages(ID, "{}");
    JsonNode second =
        messages(ID, "{'next_batch': '%s'}".formatted(first.path("next_batch").asText()));
    JsonNode third =
        messages(ID, "{'next_batch': '%s'}".formatted(second.path("next_batch").asText()));

    assertThat(numbers(first)).hasSize(100).startsWith(0, 1, 2).endsWith(99);
    assertThat(first.at("/events/0/sender").asText()).isEqualTo(alice.user());
    assertThat(first.at("/events/0/type").asText()).isEqualTo("m.test");
    assertThat(numbers(second)).containsExactly(100);
    assertThat(numbers(third)).isEmpty();
    assertThat(third.path("next_batch")).isEqualTo(second.path("next_batch"));
    server.stop();
    server.start();
    bob = KeyClient.logIn(server, "bob", "AFTER");
    assertThat(numbers(messages(ID, "{}")))
        .as("who begins anew, after a restart")
        .isEqualTo(numbers(first));
  }

  @Test
  void onlyTheUsersOwnMessagesAreRead() {
    dehydrate(ID);
    String target = DEHYDRATED + "/" + encoded(ID) + "/events";
    alice.http().post(target, "{}").expect(403, "M_FORBIDDEN");
    bob.http().post(DEHYDRATED + "/" + bob.device() + "/events", "{}").expect(403, "M_FORBIDDEN");
    for (String each : List.of("x", "-1", "99999999999999999999", "")) {
      bob.http()
          .post(target, "{'next_batch': '%s'}".formatted(each))
          .expect(400, "M_INVALID_PARAM");
    }
    bob.http().post(target, "{'next_batch': 1}").expect(400, "M_BAD_JSON");
  }

  @Test
  void aNewOneTakesThePlaceOfTheOldWithAllThatItHad() {
    dehydrate(ID, "signed_curve25519:A");
    send(ID, 1);
    dehydrate("NEW", "signed_curve25519:B");
    send("NEW", 2);

    assertThat(keysOfBob().has(ID)).isFalse();
    assertThat(keysOfBob().has("NEW")).isTrue();
    assertThat(alice.claim(asleep(ID))).isEmpty();
    assertThat(numbers(messages("NEW", "{}"))).containsExactly(2);
    bob.http().post(DEHYDRATED + "/" + encoded(ID) + "/events", "{}").expect(403, "M_FORBIDDEN");

    dehydrate("NEW", "signed_curve25519:C");

    assertThat(numbers(messages("NEW", "{}"))).as("of the same id").isEmpty();
    assertThat(alice.claim(asleep("NEW"))).isEqualTo("signed_curve25519:C");
    assertThat(alice.claim(asleep("NEW"))).isEqualTo("signed_curve25519:F");
  }

  @Test
  void anUploadThatIsRepeatedChangesNothingAndBringsNoKeyThatWasGivenAway() {
    dehydrate(ID, "signed_curve25519:A", "signed_curve25519:B");
    send(ID, 1);
    assertThat(alice.claim(asleep(ID))).isEqualTo("signed_curve25519:A");
    long before = server.units(KeyQueries.BOX);

    dehydrate(ID, "signed_curve25519:A", "signed_curve25519:B");

    assertThat(server.units(KeyQueries.BOX)).isEqualTo(before);
    assertThat(alice.claim(asleep(ID))).isEqualTo("signed_curve25519:B");
    assertThat(numbers(messages(ID, "{}"))).containsExactly(1);
  }

  /// Each takes the place of the one before, with up to a thousand keys.
  @Test
  void devicesAreReplacedSoOftenAndNoMore() throws StartFailedException {
    server.close();
    server = WholeServer.withRateLimits(folder);
    server.start();
    bob = bob.at(server);

    int refused = 0;
    for (int i = 0; i < 40; i++) {
      refused += bob.http().put(DEHYDRATED, "{}").status() == 429 ? 1 : 0;
    }

    assertThat(refused).isGreaterThanOrEqualTo(20);
  }

  @Test
  void whatIsDeletedIsGone() {
    bob.http().delete(DEHYDRATED).expect(404, "M_NOT_FOUND");
    dehydrate(ID, "signed_curve25519:A");
    send(ID, 1);

    assertThat(bob.http().delete(DEHYDRATED).expect(200).text("device_id")).isEqualTo(ID);

    bob.http().get(DEHYDRATED).expect(404, "M_NOT_FOUND");
    assertThat(keysOfBob()).isEmpty();
    assertThat(alice.claim(asleep(ID))).isEmpty();
    send(ID, 2);
    dehydrate(ID);
    assertThat(numbers(messages(ID, "{}"))).isEmpty();
  }

  @Test
  void itOutlivesThatAllDevicesAreLoggedOut() {
    dehydrate(ID);
    bob.http().post("/_matrix/client/v3/logout/all", "{}").expect(200);

    send(ID, 1);

    bob = KeyClient.logIn(server, "bob", "LATER");
    assertThat(numbers(messages(ID, "{}"))).containsExactly(1);
  }

  @Test
  void aDeviceThatLogsInByItsIdTakesItsPlace() {
    dehydrate("PHONE", "signed_curve25519:A");
    send("PHONE", 1);

    KeyClient phone = KeyClient.logIn(server, "bob", "PHONE");

    bob.http().get(DEHYDRATED).expect(404, "M_NOT_FOUND");
    assertThat(keysOfBob()).isEmpty();
    assertThat(phone.sync("").at("/to_device/events")).isEmpty();
    put(upload(asleep("PHONE"))).expect(400, "M_INVALID_PARAM");
  }

  @Test
  void nothingStaysOfAClosedAccount() {
    dehydrate(ID, "signed_curve25519:A");
    send(ID, 1);

    server.homeserver().admin().orElseThrow().deactivate(bob.user(), false);

    server.stop();
    try (Store store = Store.open(StoreOptions.of(folder))) {
      for (String each :
          List.of(
              "dehydrated_device",
              "device_key",
              "one_time_key",
              "fallback_key",
              "device_message")) {
        assertThat(store.reads().select("SELECT 1 FROM " + each, row -> row.getInt(1)))
            .as(each)
            .isEmpty();
      }
    }
  }

  @Test
  void whatIsNoDeviceIsRefusedAndTheOneBeforeStays() {
    dehydrate(ID);
    for (String each : List.of("device_id", "device_data", "device_keys")) {
      ObjectNode body = upload(asleep("NEW"));
      body.remove(each);
      put(body).expect(400, "M_MISSING_PARAM");
    }
    ObjectNode dataless = upload(asleep("NEW"));
    dataless.withObjectProperty("device_data").remove("algorithm");
    put(dataless).expect(400, "M_MISSING_PARAM");
    put(upload(asleep("NEW")).put("device_id", "OTHER")).expect(400, "M_INVALID_PARAM");
    put(upload(asleep(bob.device()))).expect(400, "M_INVALID_PARAM");
    ObjectNode large = upload(asleep("NEW"));
    large.withObjectProperty("device_data").put("more", "x".repeat(70_000));
    put(large).expect(413, "M_TOO_LARGE");
    String[] many = new String[1_001];
    for (int i = 0; i < many.length; i++) {
      many[i] = "signed_curve25519:" + i;
    }
    put(upload(asleep("NEW"), many)).expect(413, "M_TOO_LARGE");
    put(upload(asleep("NEW")).put("initial_device_display_name", "x".repeat(101)))
        .expect(400, "M_TOO_LARGE");

    assertThat(bob.http().get(DEHYDRATED).expect(200).text("device_id")).isEqualTo(ID);
  }

  @Test
  void noCrossSigningKeyHasItsId() {
    SigningKey master = KeyClient.crossSigningKey("bob's master key");
    dehydrate(master.publicKeyBase64());
    ObjectNode body = upload(asleep(ID)).objectNode();
    body.set("master_key", bob.crossSigning("master", master, master));

    bob.http().post(KeyClient.KEYS + "device_signing/upload", body).expect(403, "M_FORBIDDEN");
    dehydrate(ID);
    bob.http().post(KeyClient.KEYS + "device_signing/upload", body).expect(200);
    put(upload(asleep(master.publicKeyBase64()))).expect(403, "M_FORBIDDEN");
  }

  @Test
  void aDamagedMessageCostsItself() throws StartFailedException {
    dehydrate(ID);
    send(ID, 1);
    send(ID, 2);
    send(ID, 3);
    server.stop();
    try (Store store = Store.open(StoreOptions.of(folder))) {
      RowChange damage =
          RowChange.of(
              new Table("device_message", "a test's", "the test"),
              TwoUsers.DAMAGE_MESSAGES,
              (_, _) -> {});
      var _ = store.committer().commit("test", List.of(damage), List.of());
    }
    server.start();
    bob = bob.at(server);

    JsonNode answer = messages(ID, "{}");

    String next = answer.path("next_batch").asText();
    assertThat(numbers(answer)).containsExactly(2);
    JsonNode after = messages(ID, "{'next_batch': '%s'}".formatted(next));
    assertThat(numbers(after)).isEmpty();
    assertThat(after.path("next_batch").asText()).isEqualTo(next);
  }

  @Test
  void aDamagedOneCostsNothingElseAndIsReplaced() throws StartFailedException {
    bob.uploadDeviceKeys();
    dehydrate(ID);
    server.stop();
    try (Store store = Store.open(StoreOptions.of(folder))) {
      RowChange damage =
          RowChange.of(
              new Table("dehydrated_device", "a test's", "the test"),
              "UPDATE dehydrated_device SET content = CAST(X'7B7B' AS BLOB)",
              (_, _) -> {});
      var _ = store.committer().commit("test", List.of(damage), List.of());
    }
    server.start();
    bob = bob.at(server);

    assertThat(bob.query(bob.user()).path("device_keys").path(bob.user()).fieldNames())
        .toIterable()
        .containsExactly(bob.device());
    dehydrate(ID);
    assertThat(bob.query(bob.user()).path("device_keys").path(bob.user())).hasSize(2);
  }
}
