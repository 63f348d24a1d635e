package org.hearth.server.services.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The keys of devices, from their upload to who asks for them and who claims them.
class DeviceKeysTest extends TwoUsers {
  @BeforeEach
  void takeAnotherDevice() {
    bob = KeyClient.logIn(server, "bob", "PHONE");
  }

  @Test
  void whoAsksGetsWhatTheDeviceUploadedWithItsName() {
    bob.uploadDeviceKeys();

    JsonNode answer = alice.query(bob.user());

    ObjectNode keys =
        (ObjectNode) answer.path("device_keys").path(bob.user()).path("PHONE").deepCopy();
    assertThat(keys.remove("unsigned").path("device_display_name").textValue())
        .isEqualTo("The PHONE");
    assertThat(keys).isEqualTo(bob.deviceKeys());
    assertThat(answer.path("device_keys").path(bob.user())).hasSize(1);
    assertThat(answer.path("failures")).isEmpty();
  }

  @Test
  void onlyTheDevicesThatAreNamedAreAnswered() {
    bob.uploadDeviceKeys();

    JsonNode answer =
        alice
            .http()
            .post(
                KeyClient.KEYS + "query",
                "{'device_keys': {'@bob:hearth.test': ['OTHER'], '@none:hearth.test': [],"
                    + " '@x:elsewhere.test': []}}")
            .expect(200)
            .json();

    assertThat(answer.path("device_keys").path(bob.user())).isEmpty();
    assertThat(answer.path("device_keys").has(bob.user())).isTrue();
    assertThat(answer.path("device_keys").has("@none:hearth.test")).isFalse();
    assertThat(answer.path("failures").has("elsewhere.test")).isTrue();
  }

  @Test
  void keysAreOfTheDeviceThatUploadsThem() {
    ObjectNode keys = bob.deviceKeys();
    alice.upload("device_keys", keys).expect(400, "M_INVALID_PARAM");
    bob.upload("device_keys", bob.deviceKeys().put("device_id", "OTHER"))
        .expect(400, "M_INVALID_PARAM");
    bob.upload("device_keys", bob.deviceKeys().put("keys", 1)).expect(400, "M_BAD_JSON");
    // Row 82: what is told to other servers must be what they can read.
    for (String each :
        List.of("1", "[]", "{'@bob:hearth.test': 1}", "{'@bob:hearth.test': {'a:b': {}}}")) {
      ObjectNode malformed = bob.deviceKeys();
      malformed.set(
          "signatures", MatrixJson.parse(each.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
      bob.upload("device_keys", malformed).expect(400, "M_BAD_JSON");
    }
    ObjectNode unsigned = bob.deviceKeys();
    unsigned.remove("signatures");
    bob.upload("device_keys", unsigned).expect(400, "M_BAD_JSON");
    bob.upload("one_time_keys", bob.claimable("nocolon")).expect(400, "M_INVALID_PARAM");
    bob.upload("one_time_keys", JsonNodeFactory.instance.objectNode().put("a:b", 7))
        .expect(400, "M_BAD_JSON");
    bob.upload("one_time_keys", JsonNodeFactory.instance.objectNode().put("a:b", "x".repeat(5_000)))
        .expect(413, "M_TOO_LARGE");
    bob.upload("fallback_keys", bob.claimable("a:1", "a:2")).expect(400, "M_INVALID_PARAM");
    alice.http().post(KeyClient.KEYS + "query", "{}").expect(400, "M_MISSING_PARAM");
    alice
        .http()
        .post(KeyClient.KEYS + "query", "{'device_keys': {'@bob:hearth.test': 1}}")
        .expect(400, "M_BAD_JSON");
    alice
        .http()
        .post(KeyClient.KEYS + "claim", "{'one_time_keys': {'@bob:hearth.test': {'A': 1}}}")
        .expect(400, "M_BAD_JSON");

    assertThat(alice.query(bob.user()).path("device_keys").path(bob.user())).isEmpty();
  }

  /// A text of nothing but brackets takes thirty times its length when it is read.
  @Test
  void keysThatAreLargeWhenTheyAreReadAreRefused() {
    String brackets = "[" + "{},".repeat(1_000) + "{}]";
    ArrayNode members = (ArrayNode) MatrixJson.parse(brackets.getBytes(StandardCharsets.UTF_8));
    ObjectNode device = bob.deviceKeys();
    device.set("x", members);
    bob.upload("device_keys", device).expect(413, "M_TOO_LARGE");
    ObjectNode key = bob.claimable("signed_curve25519:1");
    ((ObjectNode) key.get("signed_curve25519:1")).set("x", members);
    bob.upload("one_time_keys", key).expect(413, "M_TOO_LARGE");
    bob.upload("fallback_keys", key).expect(413, "M_TOO_LARGE");
  }

  @Test
  void keysOfSoManyUsersAreAskedForInOneCall() {
    ObjectNode users = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < KeyQueryRoute.MOST_USERS; i++) {
      users.putArray("@u" + i + ":hearth.test");
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode().set("device_keys", users);

    alice.http().post(KeyClient.KEYS + "query", body.toString()).expect(200);
    users.putArray("@one-more:hearth.test");
    alice.http().post(KeyClient.KEYS + "query", body.toString()).expect(413, "M_TOO_LARGE");
  }

  @Test
  void oneTimeKeysAreGivenAwayOnceInTheOrderOfTheirUploadAndThenTheFallbackKey() {
    JsonNode counts =
        bob.uploadOneTimeKeys("signed_curve25519:Z", "other:1")
            .expect(200)
            .at("/one_time_key_counts");
    assertThat(counts.path("signed_curve25519").intValue()).isEqualTo(1);
    assertThat(counts.path("other").intValue()).isEqualTo(1);
    bob.uploadOneTimeKeys("signed_curve25519:A").expect(200);
    bob.upload("fallback_keys", bob.claimable("signed_curve25519:F")).expect(200);
    JsonNode before = bob.sync("");
    assertThat(before.at("/device_one_time_keys_count/signed_curve25519").intValue()).isEqualTo(2);
    assertThat(KeyClient.texts(before.path("device_unused_fallback_key_types")))
        .containsExactly("signed_curve25519");

    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:Z");
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:A");
    JsonNode between = bob.sync("");
    assertThat(KeyClient.texts(between.path("device_unused_fallback_key_types"))).hasSize(1);
    JsonNode incremental = bob.sync(KeyClient.next(before));
    assertThat(incremental.at("/device_one_time_keys_count/signed_curve25519").isInt()).isTrue();
    assertThat(incremental.at("/device_one_time_keys_count/signed_curve25519").intValue()).isZero();
    assertThat(KeyClient.texts(incremental.path("device_unused_fallback_key_types")))
        .containsExactly("signed_curve25519");
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:F");
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:F");
    JsonNode used = bob.sync(KeyClient.next(incremental));
    assertThat(used.path("device_unused_fallback_key_types").isArray()).isTrue();
    assertThat(used.path("device_unused_fallback_key_types")).isEmpty();

    JsonNode after = bob.sync("");
    assertThat(after.at("/device_one_time_keys_count/signed_curve25519").intValue()).isZero();
    assertThat(after.at("/device_one_time_keys_count").has("signed_curve25519")).isTrue();
    assertThat(KeyClient.texts(after.path("device_unused_fallback_key_types"))).isEmpty();
    bob.upload("fallback_keys", bob.claimable("signed_curve25519:F")).expect(200);
    assertThat(KeyClient.texts(bob.sync("").path("device_unused_fallback_key_types")))
        .as("the same key again is still a used one")
        .isEmpty();
    bob.upload("fallback_keys", bob.claimable("signed_curve25519:G")).expect(200);
    assertThat(KeyClient.texts(bob.sync("").path("device_unused_fallback_key_types"))).hasSize(1);
  }

  @Test
  void aKeyIsKnownAgainAndAnotherUnderItsNameIsRefused() {
    bob.uploadOneTimeKeys("signed_curve25519:A").expect(200);

    assertThat(
            bob.uploadOneTimeKeys("signed_curve25519:A", "signed_curve25519:B")
                .expect(200)
                .at("/one_time_key_counts/signed_curve25519")
                .intValue())
        .isEqualTo(2);
    ObjectNode other = JsonNodeFactory.instance.objectNode();
    other.putObject("signed_curve25519:A").put("key", "another");
    bob.upload("one_time_keys", other).expect(400, "M_INVALID_PARAM");
  }

  /// A client that did not get the answer repeats what it has sent.
  @Test
  void anUploadThatIsRepeatedBringsNoKeyThatWasGivenAway() throws Exception {
    bob.uploadOneTimeKeys("signed_curve25519:A", "signed_curve25519:B").expect(200);
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:A");
    restart();

    JsonNode counts =
        bob.uploadOneTimeKeys("signed_curve25519:A", "signed_curve25519:B")
            .expect(200)
            .at("/one_time_key_counts");
    assertThat(counts.path("signed_curve25519").intValue()).isEqualTo(1);
    bob.uploadOneTimeKeys("signed_curve25519:A", "signed_curve25519:B", "signed_curve25519:C")
        .expect(200);

    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:B");
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:C");
    assertThat(alice.claim(bob)).isEmpty();
    bob.uploadOneTimeKeys("signed_curve25519:B").expect(200);
    assertThat(alice.claim(bob)).isEmpty();
  }

  @Test
  void anotherKeyUnderTheNameOfOneThatWasGivenAwayIsTaken() {
    bob.uploadOneTimeKeys("signed_curve25519:A").expect(200);
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:A");
    ObjectNode other = JsonNodeFactory.instance.objectNode();
    other.putObject("signed_curve25519:A").put("key", "another");

    bob.upload("one_time_keys", other).expect(200);

    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:A");
    assertThat(alice.claim(bob)).isEmpty();
  }

  @Test
  void whatWasGivenAwayIsKnownForAFewUploadsOnly() {
    for (int i = 0; i <= Keys.UPLOADS_THAT_ARE_KNOWN + 5; i++) {
      bob.uploadOneTimeKeys("signed_curve25519:" + i).expect(200);
      assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:" + i);
    }

    bob.uploadOneTimeKeys("signed_curve25519:last").expect(200);

    assertThat(keyRows()).isEqualTo(Keys.UPLOADS_THAT_ARE_KNOWN);
  }

  private long keyRows() {
    server.stop();
    try (Store store = Store.open(StoreOptions.of(server.folder()))) {
      return store
          .reads()
          .select("SELECT COUNT(*) FROM one_time_key", row -> row.getLong(1))
          .getFirst();
    }
  }

  @Test
  void aDeviceHasAThousandOneTimeKeysAtMost() {
    String[] names = new String[1_001];
    for (int i = 0; i < names.length; i++) {
      names[i] = "signed_curve25519:" + i;
    }
    bob.uploadOneTimeKeys(names).expect(413, "M_TOO_LARGE");
    assertThat(alice.claim(bob)).isEmpty();

    bob.uploadOneTimeKeys(Arrays.copyOf(names, 600)).expect(200);
    bob.uploadOneTimeKeys(Arrays.copyOfRange(names, 600, 1_001)).expect(413, "M_TOO_LARGE");
    bob.uploadOneTimeKeys(Arrays.copyOfRange(names, 600, 1_000)).expect(200);
  }

  @Test
  void aDeviceHasFallbackKeysOfTenAlgorithmsAtMost() {
    for (int i = 0; i < Keys.MOST_FALLBACK_KEYS; i++) {
      bob.upload("fallback_keys", bob.claimable("a%d:1".formatted(i))).expect(200);
    }
    bob.upload("fallback_keys", bob.claimable("more:1")).expect(413, "M_TOO_LARGE");
    bob.upload("fallback_keys", bob.claimable("a0:2")).expect(200);

    assertThat(KeyClient.texts(bob.sync("").path("device_unused_fallback_key_types")))
        .hasSize(Keys.MOST_FALLBACK_KEYS);
  }

  @Test
  void aCallClaimsOfABoundedNumberOfDevices() {
    StringBuilder devices = new StringBuilder("'D': 'signed_curve25519'");
    for (int i = 0; i < DeviceKeyRoutes.MOST_CLAIMS; i++) {
      devices.append(", 'D%d': 'signed_curve25519'".formatted(i));
    }

    alice
        .http()
        .post(
            KeyClient.KEYS + "claim",
            "{'one_time_keys': {'@bob:hearth.test': {%s}}}".formatted(devices))
        .expect(413, "M_TOO_LARGE");
  }

  @Test
  void noKeyIsGivenTwiceToThoseWhoClaimAtOnce() throws Exception {
    String[] names = new String[60];
    for (int i = 0; i < names.length; i++) {
      names[i] = "signed_curve25519:" + i;
    }
    bob.uploadOneTimeKeys(names).expect(200);
    List<Future<String>> claims = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 80; i++) {
        claims.add(threads.submit(() -> alice.claim(bob)));
      }
    }
    List<String> claimed = new ArrayList<>();
    for (Future<String> each : claims) {
      claimed.add(each.get());
    }

    assertThat(claimed.stream().filter(each -> !each.isEmpty())).containsExactlyInAnyOrder(names);
  }

  @Test
  void oneCallGivesAwayKeysOfManyUsersInOneCommit() {
    KeyClient carol = KeyClient.register(server, "carol");
    List<KeyClient> all = List.of(bob, alice, carol);
    all.forEach(
        each -> each.uploadOneTimeKeys("signed_curve25519:A", "signed_curve25519:B").expect(200));
    ObjectNode wanted = JsonNodeFactory.instance.objectNode();
    ObjectNode users = wanted.putObject("one_time_keys");
    all.forEach(each -> users.putObject(each.user()).put(each.device(), "signed_curve25519"));
    long before = server.units(KeyQueries.BOX);

    JsonNode claimed = alice.http().post(KeyClient.KEYS + "claim", wanted).expect(200).json();

    assertThat(server.units(KeyQueries.BOX)).isEqualTo(before + 1);
    for (KeyClient each : all) {
      JsonNode keys = claimed.path("one_time_keys").path(each.user()).path(each.device());
      assertThat(keys.fieldNames()).toIterable().containsExactly("signed_curve25519:A");
      assertThat(alice.claim(each)).isEqualTo("signed_curve25519:B");
      assertThat(alice.claim(each)).isEmpty();
    }
  }

  /// Each claims of all, in an order of its own.
  @Test
  void noKeyIsGivenTwiceToThoseWhoClaimOfManyUsersAtOnce() throws Exception {
    List<KeyClient> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      KeyClient each = KeyClient.register(server, "user" + i);
      each.uploadOneTimeKeys("signed_curve25519:A", "signed_curve25519:B").expect(200);
      all.add(each);
    }
    List<Future<JsonNode>> claims = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 16; i++) {
        ObjectNode wanted = JsonNodeFactory.instance.objectNode();
        ObjectNode users = wanted.putObject("one_time_keys");
        Collections.shuffle(all, new Random(i));
        all.forEach(each -> users.putObject(each.user()).put(each.device(), "signed_curve25519"));
        claims.add(
            threads.submit(
                () -> alice.http().post(KeyClient.KEYS + "claim", wanted).expect(200).json()));
      }
    }
    List<String> given = new ArrayList<>();
    for (Future<JsonNode> each : claims) {
      each.get()
          .path("one_time_keys")
          .properties()
          .forEach(user ->
              user.getValue()
                  .forEach(keys ->
                      keys.fieldNames()
                          .forEachRemaining(key -> given.add(user.getKey() + " " + key))));
    }

    assertThat(given).hasSize(2 * all.size()).doesNotHaveDuplicates();
  }

  @Test
  void aDeviceThatIsRemovedTakesItsKeysAlong() {
    bob.uploadDeviceKeys();
    bob.uploadOneTimeKeys("signed_curve25519:A").expect(200);
    bob.upload("fallback_keys", bob.claimable("signed_curve25519:F")).expect(200);
    bob.http().post("/_matrix/client/v3/logout", "{}").expect(200);

    assertThat(alice.query(bob.user()).path("device_keys").path(bob.user())).isEmpty();
    assertThat(alice.claim(bob)).isEmpty();
    KeyClient again = KeyClient.logIn(server, "bob", "PHONE");
    assertThat(again.sync("").at("/device_one_time_keys_count/signed_curve25519").intValue())
        .isZero();
    assertThat(alice.query(bob.user()).path("device_keys").path(bob.user())).isEmpty();
  }

  @Test
  void keysAndCountsOutliveARestart() throws Exception {
    bob.uploadDeviceKeys();
    bob.uploadOneTimeKeys("signed_curve25519:A", "signed_curve25519:B").expect(200);
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:A");
    restart();

    assertThat(alice.query(bob.user()).path("device_keys").path(bob.user())).hasSize(1);
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:B");
    assertThat(alice.claim(bob)).isEmpty();
  }

  @Test
  void aDeviceWhoseRowIsDamagedIsLeftOut() throws Exception {
    alice.uploadDeviceKeys();
    bob.uploadDeviceKeys();
    KeyClient.logIn(server, "bob", "SECOND").uploadDeviceKeys();
    damage(
        "UPDATE device_key SET content = CAST(X'7B7B' AS BLOB) WHERE device_id = '%s'"
            .formatted(bob.device()));

    JsonNode devices =
        alice
            .http()
            .post(
                KeyClient.KEYS + "query",
                "{'device_keys': {'%s': [], '%s': []}}".formatted(alice.user(), bob.user()))
            .expect(200)
            .json()
            .path("device_keys");

    assertThat(devices.path(alice.user()).fieldNames())
        .toIterable()
        .containsExactly(alice.device());
    assertThat(devices.path(bob.user()).fieldNames()).toIterable().containsExactly("SECOND");
  }

  @Test
  void aDeviceUploadsDamagedKeysAnew() throws Exception {
    bob.uploadDeviceKeys();
    ObjectNode fallback = bob.claimable("signed_curve25519:f");
    bob.upload("fallback_keys", fallback).expect(200);
    damage(
        "UPDATE device_key SET content = CAST(X'7B7B' AS BLOB)",
        "UPDATE fallback_key SET content = CAST(X'7B7B' AS BLOB)");

    assertThat(alice.claim(bob)).isEmpty();
    bob.uploadDeviceKeys();
    bob.upload("fallback_keys", fallback).expect(200);

    assertThat(alice.query(bob.user()).path("device_keys").path(bob.user())).hasSize(1);
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:f");
  }

  @Test
  void aDamagedOneTimeKeyIsPassedOver() throws Exception {
    bob.uploadOneTimeKeys("signed_curve25519:1", "signed_curve25519:2").expect(200);
    damage("UPDATE one_time_key SET content = CAST(X'7B7B' AS BLOB) WHERE key_id = '1'");

    bob.uploadOneTimeKeys("signed_curve25519:3").expect(200);

    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:2");
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:3");
    assertThat(alice.claim(bob)).isEmpty();
  }

  @Test
  void aDamagedOneTimeKeyIsNotCountedOnceSomebodyClaims() throws Exception {
    bob.uploadOneTimeKeys("signed_curve25519:1", "signed_curve25519:2", "signed_curve25519:3")
        .expect(200);
    damage(
        "UPDATE one_time_key SET content = CAST(X'7B7B' AS BLOB) WHERE key_id = '1' OR key_id ="
            + " '3'");

    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:2");
    assertThat(oneTimeKeysOfBob()).isOne();
    assertThat(alice.claim(bob)).isEmpty();
    assertThat(oneTimeKeysOfBob()).isZero();
  }

  @Test
  void aDeviceUploadsADamagedOneTimeKeyAnew() throws Exception {
    bob.uploadOneTimeKeys("signed_curve25519:1", "signed_curve25519:2").expect(200);
    damage("UPDATE one_time_key SET content = CAST(X'7B7B' AS BLOB)");

    bob.uploadOneTimeKeys("signed_curve25519:1").expect(200);

    assertThat(oneTimeKeysOfBob()).isOne();
    assertThat(alice.claim(bob)).isEqualTo("signed_curve25519:1");
  }

  private int oneTimeKeysOfBob() {
    return bob.sync("").at("/device_one_time_keys_count/signed_curve25519").intValue();
  }

  @Test
  void aDamagedRowOfADeviceLeavesTheOthers() throws Exception {
    bob.uploadDeviceKeys();
    KeyClient.logIn(server, "bob", "BROKEN").uploadDeviceKeys();
    damage("UPDATE device SET device_id = '' WHERE device_id = 'BROKEN'");

    assertThat(alice.query(bob.user()).path("device_keys").path(bob.user()).fieldNames())
        .toIterable()
        .containsExactly(bob.device());
    assertThat(bob.http().get("/_matrix/client/v3/devices").expect(200).json().path("devices"))
        .extracting(each -> each.path("device_id").asText())
        .contains(bob.device())
        .doesNotContain("BROKEN");
  }
}
