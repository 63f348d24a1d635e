package org.hearth.server.services.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.keys.Keys.KeySignature;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What other servers are told of keys.
class KeyUpdatesTest {
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final UserId BOB = UserId.parse("@bob:hearth.test");
  private static final DeviceId PHONE = new DeviceId("PHONE");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private Keys keys() {
    return new Keys(stores.store().reads());
  }

  private void commit(List<RowChange> rows) {
    var _ = stores.store().committer().commit("test", rows, List.of());
  }

  private void logIn(String device) {
    commit(
        List.of(
            RowChange.of(
                new Table("device", "a test's", "the test"),
                "INSERT INTO device (user_id, device_id, created_millis) VALUES (?, ?, 1)",
                (statement, _) -> {
                  statement.setString(1, ALICE.value());
                  statement.setString(2, device);
                })));
  }

  private static KeySignature signature(UserId signer, String target, String by) {
    return new KeySignature(ALICE, target, signer, KeyId.parse("ed25519:" + by), "signed by " + by);
  }

  private static ObjectNode json(String name, String value) {
    return JsonNodeFactory.instance.objectNode().put(name, value);
  }

  @Test
  void aDeviceIsToldWithItsKeysAndTheUsersSignaturesAndWithoutItsName() {
    logIn("PHONE");
    logIn("BARE");
    List<RowChange> rows =
        new ArrayList<>(Keys.setDeviceKeys(ALICE, PHONE, json("device_id", "PHONE")));
    rows.addAll(
        Keys.setCrossSigningKey(
            ALICE,
            new CrossSigningKey(SigningKeyUsage.SELF_SIGNING, "self", json("the", "self")),
            Optional.empty()));
    commit(rows);
    commit(KeySignatures.add(signature(ALICE, "PHONE", "self")));

    ObjectNode told = keys().deviceListUpdate(ALICE, PHONE, 9, List.of(7L));

    ObjectNode expected = json("user_id", ALICE.value());
    expected.put("device_id", "PHONE").put("stream_id", 9L);
    expected.putArray("prev_id").add(7L);
    expected
        .putObject("keys")
        .put("device_id", "PHONE")
        .putObject("signatures")
        .putObject(ALICE.value())
        .put("ed25519:self", "signed by self");
    assertThat(told).isEqualTo(expected);
    ObjectNode bare = keys().deviceListUpdate(ALICE, new DeviceId("BARE"), 10, List.of());
    assertThat(bare.has("keys")).isFalse();
    assertThat(bare.has("deleted")).isFalse();
    assertThat(
            keys()
                .deviceListUpdate(ALICE, new DeviceId("GONE"), 11, List.of())
                .path("deleted")
                .asBoolean())
        .isTrue();
  }

  @Test
  void onlyTheKeysThatOthersMaySeeAreToldAndNobodyElsesSignatures() {
    logIn("PHONE");
    List<RowChange> rows = new ArrayList<>();
    for (SigningKeyUsage each : SigningKeyUsage.values()) {
      rows.addAll(
          Keys.setCrossSigningKey(
              ALICE,
              new CrossSigningKey(each, each.word(), json("the", each.word())),
              Optional.empty()));
    }
    rows.addAll(
        Keys.setCrossSigningKey(
            BOB,
            new CrossSigningKey(SigningKeyUsage.USER_SIGNING, "bobs", json("a", "b")),
            Optional.empty()));
    commit(rows);
    commit(KeySignatures.add(signature(ALICE, "master", "PHONE")));
    commit(KeySignatures.add(signature(BOB, "master", "bobs")));

    ObjectNode told = keys().signingKeyUpdate(ALICE);

    ObjectNode master = json("the", "master");
    master.putObject("signatures").putObject(ALICE.value()).put("ed25519:PHONE", "signed by PHONE");
    ObjectNode expected = json("user_id", ALICE.value());
    expected.set("master_key", master);
    expected.set("self_signing_key", json("the", "self_signing"));
    assertThat(told).isEqualTo(expected);
  }

  @Test
  void whatIsDamagedIsLeftOut() {
    logIn("PHONE");
    List<RowChange> rows =
        new ArrayList<>(Keys.setDeviceKeys(ALICE, PHONE, json("device_id", "PHONE")));
    for (SigningKeyUsage each : List.of(SigningKeyUsage.MASTER, SigningKeyUsage.SELF_SIGNING)) {
      rows.addAll(
          Keys.setCrossSigningKey(
              ALICE,
              new CrossSigningKey(each, each.word(), json("the", each.word())),
              Optional.empty()));
    }
    commit(rows);
    commit(
        List.of(
            damage("UPDATE device_key SET content = CAST(X'7B7B' AS BLOB)"),
            damage(
                "UPDATE cross_signing_key SET content = CAST(X'7B7B' AS BLOB)"
                    + " WHERE key_usage = 'master'")));

    assertThat(keys().deviceListUpdate(ALICE, PHONE, 9, List.of()).has("keys")).isFalse();
    ObjectNode expected = json("user_id", ALICE.value());
    expected.set("self_signing_key", json("the", "self_signing"));
    assertThat(keys().signingKeyUpdate(ALICE)).isEqualTo(expected);
  }

  private static RowChange damage(String sql) {
    return RowChange.of(new Table("damaged", "a test's", "the test"), sql, (_, _) -> {});
  }
}
