package org.hearth.server.services.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Cross-signing: who may upload which keys, and who sees which signatures.
class CrossSigningTest extends TwoUsers {
  private static final SigningKey MASTER = KeyClient.crossSigningKey("alice master");
  private static final SigningKey SELF = KeyClient.crossSigningKey("alice self");
  private static final SigningKey USER = KeyClient.crossSigningKey("alice user");
  private static final SigningKey OTHER = KeyClient.crossSigningKey("another");
  private static final SigningKey BOB_MASTER = KeyClient.crossSigningKey("bob master");

  @BeforeEach
  void meet() {
    join(bob, room());
  }

  private static ObjectNode keys(KeyClient of) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.set("master_key", of.crossSigning("master", MASTER, MASTER));
    body.set("self_signing_key", of.crossSigning("self_signing", SELF, MASTER));
    body.set("user_signing_key", of.crossSigning("user_signing", USER, MASTER));
    return body;
  }

  private static TestClient.Answer upload(KeyClient who, JsonNode body) {
    return who.http().post(KeyClient.KEYS + "device_signing/upload", body);
  }

  /// Uploads with the user's password.
  private static void confirmed(KeyClient who, ObjectNode body) {
    ObjectNode all = body.deepCopy();
    all.putObject("auth")
        .put("type", "m.login.password")
        .put("password", WholeServer.PASSWORD)
        .put("session", upload(who, body).expect(401).text("session"))
        .putObject("identifier")
        .put("type", "m.id.user")
        .put("user", who.user());
    upload(who, all).expect(200);
  }

  private void uploadBoth() {
    upload(alice, keys(alice)).expect(200);
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.set("master_key", bob.crossSigning("master", BOB_MASTER, BOB_MASTER));
    upload(bob, body).expect(200);
  }

  private static JsonNode sign(KeyClient who, String user, String target, ObjectNode signed) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject(user).set(target, signed);
    return who.http()
        .post(KeyClient.KEYS + "signatures/upload", body)
        .expect(200)
        .json()
        .path("failures");
  }

  @Test
  void keysAreToldToAllButTheUserSigningKey() {
    String before = KeyClient.next(bob.sync(""));
    upload(alice, keys(alice)).expect(200);

    JsonNode own = alice.query(alice.user());
    JsonNode others = bob.query(alice.user());

    assertThat(own.path("master_keys").path(alice.user()))
        .isEqualTo(keys(alice).path("master_key"));
    assertThat(own.path("self_signing_keys").path(alice.user()))
        .isEqualTo(keys(alice).path("self_signing_key"));
    assertThat(own.path("user_signing_keys").path(alice.user()))
        .isEqualTo(keys(alice).path("user_signing_key"));
    assertThat(others.path("master_keys").path(alice.user()))
        .isEqualTo(keys(alice).path("master_key"));
    assertThat(others.path("self_signing_keys").has(alice.user())).isTrue();
    assertThat(others.path("user_signing_keys")).isEmpty();
    assertThat(KeyClient.texts(bob.sync(before).at("/device_lists/changed")))
        .containsExactly(alice.user());
  }

  @Test
  void aUserSigningKeyIsToldToItsUserAlone() {
    upload(alice, keys(alice)).expect(200);
    String alicesBefore = KeyClient.next(alice.sync(""));
    String bobsBefore = KeyClient.next(bob.sync(""));
    ObjectNode other = JsonNodeFactory.instance.objectNode();
    other.set("user_signing_key", alice.crossSigning("user_signing", OTHER, MASTER));

    confirmed(alice, other);

    assertThat(KeyClient.texts(alice.sync(alicesBefore).at("/device_lists/changed")))
        .containsExactly(alice.user());
    assertThat(KeyClient.texts(bob.sync(bobsBefore).at("/device_lists/changed"))).isEmpty();
    assertThat(alice.query(alice.user()).path("user_signing_keys").path(alice.user()))
        .isEqualTo(other.path("user_signing_key"));
  }

  @Test
  void anOlderClientFindsThePathThatItKnows() {
    alice
        .http()
        .post("/_matrix/client/unstable/keys/device_signing/upload", keys(alice))
        .expect(200);

    assertThat(bob.query(alice.user()).path("master_keys").has(alice.user())).isTrue();
  }

  @Test
  void theFirstKeysAndTheSameNeedNoPasswordAndOthersDo() {
    upload(alice, keys(alice)).expect(200);
    upload(alice, keys(alice)).expect(200);
    ObjectNode other = JsonNodeFactory.instance.objectNode();
    other.set("master_key", alice.crossSigning("master", OTHER, OTHER));

    upload(alice, other).expect(401);
    assertThat(alice.query(alice.user()).path("master_keys").path(alice.user()))
        .isEqualTo(keys(alice).path("master_key"));
    confirmed(alice, other);

    assertThat(alice.query(alice.user()).path("master_keys").path(alice.user()))
        .isEqualTo(other.path("master_key"));
    ObjectNode selfSigning = JsonNodeFactory.instance.objectNode();
    selfSigning.set("self_signing_key", alice.crossSigning("self_signing", USER, OTHER));
    upload(alice, selfSigning).expect(401);
  }

  @Test
  void keysThatFitNothingAreRefused() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.set("self_signing_key", alice.crossSigning("self_signing", SELF, MASTER));
    upload(alice, body).expect(400, "M_MISSING_PARAM");
    ObjectNode unsigned = keys(alice);
    unsigned.set("self_signing_key", alice.crossSigning("self_signing", SELF, SELF));
    upload(alice, unsigned).expect(400, "M_INVALID_SIGNATURE");
    ObjectNode byAnother = keys(alice);
    byAnother.set("user_signing_key", alice.crossSigning("user_signing", USER, OTHER));
    upload(alice, byAnother).expect(400, "M_INVALID_SIGNATURE");
    ObjectNode wrongUsage = keys(alice);
    wrongUsage.set("master_key", alice.crossSigning("self_signing", MASTER, MASTER));
    upload(alice, wrongUsage).expect(400, "M_INVALID_PARAM");
    upload(bob, keys(alice)).expect(400, "M_INVALID_PARAM");
    ObjectNode twoKeys = keys(alice);
    twoKeys.withObject("/master_key/keys").put("ed25519:x", "x");
    upload(alice, twoKeys).expect(400, "M_INVALID_PARAM");

    assertThat(alice.query(alice.user()).path("master_keys")).isEmpty();
  }

  @Test
  void noDeviceHasTheIdOfACrossSigningKey() {
    var _ = KeyClient.logIn(server, "alice", MASTER.publicKeyBase64());
    upload(alice, keys(alice)).expect(403, "M_FORBIDDEN");
    KeyClient ghost = KeyClient.logIn(server, "bob", BOB_MASTER.publicKeyBase64() + "x");
    assertThat(ghost.device()).endsWith("x");
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.set("master_key", bob.crossSigning("master", BOB_MASTER, BOB_MASTER));
    upload(bob, body).expect(200);

    server
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'user': 'bob', 'password': '%s', 'device_id': '%s'}"
                .formatted(WholeServer.PASSWORD, BOB_MASTER.publicKeyBase64()))
        .expect(403, "M_FORBIDDEN");
  }

  /// As a version left it that let such a device log in.
  @Test
  void aDeviceThatHasTheIdOfACrossSigningKeyNeverthelessGetsNoKeys() throws Exception {
    uploadBoth();
    server.stop();
    change(
        "UPDATE cross_signing_key SET public_key = '%s' WHERE user_id = '@bob:hearth.test'"
            .formatted(bob.device()));
    restart();

    bob.upload("device_keys", bob.deviceKeys()).expect(403, "M_FORBIDDEN");
  }

  private void change(String sql) {
    try (Store store = Store.open(StoreOptions.of(server.folder()))) {
      var _ =
          store
              .committer()
              .commit(
                  "test",
                  List.of(RowChange.of(Keys.CROSS_SIGNING_KEY, sql, (_, _) -> {})),
                  List.of());
    }
  }

  @Test
  void aDeviceThatIsRemovedTakesAlongWhatItHasSignedAndWhoHasSignedIt() {
    uploadBoth();
    KeyClient tablet = KeyClient.logIn(server, "alice", "TABLET");
    tablet.uploadDeviceKeys();
    assertThat(
            sign(
                tablet,
                alice.user(),
                MASTER.publicKeyBase64(),
                Signatures.sign(
                    (ObjectNode) keys(alice).path("master_key"), alice.user(), tablet.deviceKey())))
        .isEmpty();
    assertThat(
            sign(
                tablet,
                alice.user(),
                "TABLET",
                Signatures.sign(tablet.deviceKeys(), alice.user(), SELF)))
        .isEmpty();

    tablet.http().post("/_matrix/client/v3/logout", "{}").expect(200);

    assertThat(alice.query(alice.user()).at("/master_keys/@alice:hearth.test").has("signatures"))
        .isFalse();
    server.stop();
    try (Store store = Store.open(StoreOptions.of(server.folder()))) {
      assertThat(store.reads().select("SELECT 1 FROM key_signature", row -> row.getInt(1)))
          .isEmpty();
    }
  }

  @Test
  void aDeviceThatTheUserHasSignedIsToldSo() {
    uploadBoth();
    alice.uploadDeviceKeys();
    String before = KeyClient.next(bob.sync(""));
    ObjectNode signed = Signatures.sign(alice.deviceKeys(), alice.user(), SELF);

    assertThat(sign(alice, alice.user(), alice.device(), signed)).isEmpty();

    JsonNode device =
        bob.query(alice.user()).at("/device_keys/@alice:hearth.test").path(alice.device());
    assertThat(device.path("signatures").path(alice.user()).has(SELF.id().value())).isTrue();
    assertThat(device.path("signatures").path(alice.user())).hasSize(2);
    assertThat(KeyClient.texts(bob.sync(before).at("/device_lists/changed")))
        .containsExactly(alice.user());
  }

  @Test
  void aMasterKeyIsSignedByDevicesForAll() {
    uploadBoth();
    alice.uploadDeviceKeys();
    ObjectNode signed =
        Signatures.sign(
            (ObjectNode) keys(alice).path("master_key"), alice.user(), alice.deviceKey());

    assertThat(sign(alice, alice.user(), MASTER.publicKeyBase64(), signed)).isEmpty();

    assertThat(
            bob.query(alice.user())
                .at("/master_keys/@alice:hearth.test/signatures/@alice:hearth.test")
                .has(alice.deviceKey().id().value()))
        .isTrue();
  }

  @Test
  void otherKeysOfADeviceTakeTheSignaturesOfTheOldAlong() {
    uploadBoth();
    alice.uploadDeviceKeys();
    ObjectNode signed = Signatures.sign(alice.deviceKeys(), alice.user(), SELF);
    assertThat(sign(alice, alice.user(), alice.device(), signed)).isEmpty();
    ObjectNode other =
        Signatures.sign(alice.deviceKeys().put("more", 1), alice.user(), alice.deviceKey());

    alice.upload("device_keys", other).expect(200);

    JsonNode device =
        bob.query(alice.user()).at("/device_keys/@alice:hearth.test").path(alice.device());
    assertThat(device.path("more").intValue()).isEqualTo(1);
    assertThat(device.path("signatures")).isEqualTo(other.path("signatures"));
  }

  @Test
  void aClosedAccountLeavesNoKeysAndNoSignatures() {
    uploadBoth();
    alice.uploadDeviceKeys();
    sign(
        alice,
        alice.user(),
        alice.device(),
        Signatures.sign(alice.deviceKeys(), alice.user(), SELF));
    sign(
        alice,
        bob.user(),
        BOB_MASTER.publicKeyBase64(),
        Signatures.sign(bob.crossSigning("master", BOB_MASTER, BOB_MASTER), alice.user(), USER));
    String before = KeyClient.next(bob.sync(""));

    server.homeserver().admin().orElseThrow().deactivate(alice.user(), false);

    JsonNode answer = bob.query(alice.user());
    assertThat(answer.path("device_keys").path(alice.user())).isEmpty();
    assertThat(answer.path("master_keys")).isEmpty();
    assertThat(answer.path("self_signing_keys")).isEmpty();
    // Whether the account has left the room by then or not.
    assertThat(bob.sync(before).path("device_lists").toString()).contains(alice.user());
    server.stop();
    try (Store store = Store.open(StoreOptions.of(server.folder()))) {
      for (String each :
          List.of(
              "device_key",
              "key_signature",
              "cross_signing_key WHERE user_id <> '@bob:hearth.test'",
              "device_list WHERE viewer_id <> ''")) {
        assertThat(store.reads().select("SELECT 1 FROM " + each, row -> row.getInt(1)))
            .as(each)
            .isEmpty();
      }
    }
  }

  /// The id of a device may be longer than that of a key can be.
  @Test
  void aDeviceWithALongIdKeepsNobodyFromSigning() {
    uploadBoth();
    String id = "x".repeat(255);
    ObjectNode content = alice.another("SHORT").deviceKeys().put("device_id", id);
    server
        .client()
        .as(
            server
                .client()
                .post(
                    "/_matrix/client/v3/login",
                    "{'type': 'm.login.password', 'device_id': '%s', 'password': '%s', 'identifier': {'type': 'm.id.user', 'user': 'alice'}}"
                        .formatted(id, WholeServer.PASSWORD))
                .expect(200)
                .text("access_token"))
        .post(
            KeyClient.KEYS + "upload",
            JsonNodeFactory.instance.objectNode().<ObjectNode>set("device_keys", content))
        .expect(200);
    alice.uploadDeviceKeys();

    ObjectNode signed = Signatures.sign(alice.deviceKeys(), alice.user(), SELF);
    assertThat(sign(alice, alice.user(), alice.device(), signed)).isEmpty();
    assertThat(sign(alice, alice.user(), id, Signatures.sign(content, alice.user(), SELF)))
        .isEmpty();
  }

  @Test
  void aCallBringsABoundedNumberOfSignatures() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ObjectNode signed = body.putObject(alice.user());
    for (int i = 0; i <= CrossSigningRoutes.MOST_SIGNATURES; i++) {
      signed.putObject("D" + i);
    }

    alice.http().post(KeyClient.KEYS + "signatures/upload", body).expect(413, "M_TOO_LARGE");
  }

  @Test
  void whomAUserHasVerifiedOnlyThatUserIsTold() {
    uploadBoth();
    String aliceBefore = KeyClient.next(alice.sync(""));
    String bobBefore = KeyClient.next(bob.sync(""));
    ObjectNode signed =
        Signatures.sign(bob.crossSigning("master", BOB_MASTER, BOB_MASTER), alice.user(), USER);

    assertThat(sign(alice, bob.user(), BOB_MASTER.publicKeyBase64(), signed)).isEmpty();

    String signatures = "/master_keys/@bob:hearth.test/signatures/@alice:hearth.test";
    assertThat(alice.query(bob.user()).at(signatures).has(USER.id().value())).isTrue();
    assertThat(bob.query(bob.user()).at(signatures).isMissingNode()).isTrue();
    assertThat(KeyClient.texts(alice.sync(aliceBefore).at("/device_lists/changed")))
        .containsExactly(bob.user());
    assertThat(KeyClient.texts(bob.sync(bobBefore).at("/device_lists/changed"))).isEmpty();
  }

  @Test
  void signaturesThatAreWrongFailAlone() {
    uploadBoth();
    alice.uploadDeviceKeys();
    ObjectNode bobsMaster = bob.crossSigning("master", BOB_MASTER, BOB_MASTER);
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject(alice.user())
        .<ObjectNode>set("NONE", Signatures.sign(alice.deviceKeys(), alice.user(), SELF))
        .<ObjectNode>set(
            alice.device(), Signatures.sign(alice.deviceKeys().put("more", 1), alice.user(), SELF));
    body.putObject(bob.user())
        .set(BOB_MASTER.publicKeyBase64(), Signatures.sign(bobsMaster, alice.user(), OTHER));

    JsonNode failures =
        alice
            .http()
            .post(KeyClient.KEYS + "signatures/upload", body)
            .expect(200)
            .json()
            .path("failures");

    assertThat(failures.at("/@alice:hearth.test/NONE/errcode").textValue())
        .isEqualTo("M_NOT_FOUND");
    assertThat(failures.path(alice.user()).path(alice.device()).path("errcode").textValue())
        .isEqualTo("M_INVALID_SIGNATURE");
    assertThat(
            failures
                .path(bob.user())
                .path(BOB_MASTER.publicKeyBase64())
                .path("errcode")
                .textValue())
        .isEqualTo("M_INVALID_SIGNATURE");
    assertThat(alice.query(bob.user()).at("/master_keys/@bob:hearth.test").has("signatures"))
        .isFalse();
    alice.http().post(KeyClient.KEYS + "signatures/upload", "{'x': {}}").expect(400);
    alice
        .http()
        .post(KeyClient.KEYS + "signatures/upload", "{'@bob:hearth.test': 1}")
        .expect(400, "M_BAD_JSON");
  }

  @Test
  void aReplacedKeyTakesItsSignaturesAlong() {
    uploadBoth();
    sign(
        alice,
        bob.user(),
        BOB_MASTER.publicKeyBase64(),
        Signatures.sign(bob.crossSigning("master", BOB_MASTER, BOB_MASTER), alice.user(), USER));
    ObjectNode other = JsonNodeFactory.instance.objectNode();
    other.set("user_signing_key", alice.crossSigning("user_signing", OTHER, MASTER));
    String session = upload(alice, other).expect(401).text("session");
    other
        .putObject("auth")
        .put("type", "m.login.password")
        .put("password", WholeServer.PASSWORD)
        .put("session", session)
        .putObject("identifier")
        .put("type", "m.id.user")
        .put("user", "alice");
    upload(alice, other).expect(200);

    assertThat(alice.query(bob.user()).at("/master_keys/@bob:hearth.test").has("signatures"))
        .isFalse();
  }

  @Test
  void aDamagedKeyAndADamagedSignatureAreLeftOut() throws Exception {
    alice.uploadDeviceKeys();
    uploadBoth();
    ObjectNode signed =
        Signatures.sign(
            (ObjectNode) keys(alice).path("master_key"), alice.user(), alice.deviceKey());
    assertThat(sign(alice, alice.user(), MASTER.publicKeyBase64(), signed)).isEmpty();
    damage(
        "UPDATE key_signature SET signer_key = 'x'",
        "UPDATE cross_signing_key SET content = CAST(X'7B7B' AS BLOB)"
            + " WHERE key_usage = 'self_signing'");

    JsonNode answer = bob.query(alice.user());

    assertThat(answer.path("device_keys").path(alice.user()).has(alice.device())).isTrue();
    assertThat(answer.path("master_keys").path(alice.user()))
        .isEqualTo(keys(alice).path("master_key"));
    assertThat(answer.path("self_signing_keys")).isEmpty();
  }
}
