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
import org.hearth.server.services.keys.Keys.ClaimableKey;
import org.hearth.server.services.keys.Keys.KeySignature;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Keys that are uploaded while their device is being removed.
class DeviceRowTest {
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final DeviceId PHONE = new DeviceId("PHONE");
  private static final Table DEVICE = new Table("device", "a test's", "the test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private static List<RowChange> upload() {
    ObjectNode content = JsonNodeFactory.instance.objectNode().put("key", "base64");
    ClaimableKey key = new ClaimableKey("signed_curve25519", "A", content);
    List<RowChange> rows = new ArrayList<>(Keys.setDeviceKeys(ALICE, PHONE, content));
    rows.add(Keys.addOneTimeKey(ALICE, PHONE, key, 1));
    rows.addAll(Keys.setFallbackKey(ALICE, PHONE, key));
    return rows;
  }

  private static RowChange device(String sql) {
    return RowChange.of(
        DEVICE,
        sql,
        (statement, _) -> {
          statement.setString(1, ALICE.value());
          statement.setString(2, PHONE.value());
        });
  }

  private static RowChange logIn() {
    return device("INSERT INTO device (user_id, device_id, created_millis) VALUES (?, ?, 0)");
  }

  private static RowChange logOut() {
    return device("DELETE FROM device WHERE user_id = ? AND device_id = ?");
  }

  private void commit(List<RowChange> rows) {
    var _ = stores.store().committer().commit("test", rows, List.of());
  }

  private int stored() {
    return List.of("device_key", "one_time_key", "fallback_key").stream()
        .mapToInt(table ->
            stores.store().reads().select("SELECT 1 FROM " + table, row -> row.getInt(1)).size())
        .sum();
  }

  @Test
  void keysOfADeviceThatIsThereAreKept() {
    commit(List.of(logIn()));

    commit(upload());

    Keys keys = new Keys(stores.store().reads());
    assertThat(keys.deviceKeys(ALICE, PHONE)).isPresent();
    assertThat(keys.oneTimeKeys(ALICE, PHONE, new ArrayList<>()))
        .containsOnlyKeys("signed_curve25519:A");
    assertThat(keys.fallbackKeys(ALICE, PHONE)).containsOnlyKeys("signed_curve25519");
  }

  @Test
  void keysOfADehydratedDeviceComeWithIt() {
    List<RowChange> rows = new ArrayList<>();
    rows.add(
        DehydratedDevices.insert(
            ALICE,
            new DehydratedDevices.Dehydrated(
                PHONE, Optional.empty(), JsonNodeFactory.instance.objectNode())));
    rows.addAll(upload());

    commit(rows);

    assertThat(stored()).isEqualTo(3);
  }

  @Test
  void keysOfADeviceThatIsGoneAreNotKept() {
    commit(List.of(logIn()));
    commit(List.of(logOut()));

    commit(upload());

    assertThat(stored()).isZero();
  }

  private List<Integer> signatures() {
    return stores.store().reads().select("SELECT 1 FROM key_signature", row -> row.getInt(1));
  }

  /// Of the device by the self-signing key, and of the master key by the device.
  private static List<RowChange> sign() {
    List<RowChange> rows =
        new ArrayList<>(
            KeySignatures.add(
                new KeySignature(ALICE, PHONE.value(), ALICE, KeyId.ed25519("self"), "x")));
    rows.addAll(
        KeySignatures.add(
            new KeySignature(ALICE, "master", ALICE, KeyId.ed25519(PHONE.value()), "x")));
    return rows;
  }

  private static List<RowChange> crossSigning(SigningKeyUsage usage, String publicKey) {
    return Keys.setCrossSigningKey(
        ALICE,
        new CrossSigningKey(usage, publicKey, JsonNodeFactory.instance.objectNode()),
        Optional.empty());
  }

  @Test
  void signaturesAreKeptOfDevicesAndKeysThatAreThereByThoseThatAreThere() {
    commit(List.of(logIn()));
    commit(upload());
    commit(sign());
    assertThat(signatures()).isEmpty();
    commit(crossSigning(SigningKeyUsage.MASTER, "master"));
    commit(sign());
    assertThat(signatures()).hasSize(1);
    commit(crossSigning(SigningKeyUsage.SELF_SIGNING, "self"));
    commit(sign());
    assertThat(signatures()).hasSize(2);

    commit(new Keys(stores.store().reads()).clearing(ALICE, PHONE));
    commit(List.of(logOut()));
    assertThat(signatures()).isEmpty();
    commit(sign());

    assertThat(signatures()).isEmpty();
  }

  @Test
  void signaturesThatAreCommittedTogetherWithTheRemovalAreNotKept() {
    commit(List.of(logIn()));
    commit(crossSigning(SigningKeyUsage.MASTER, "master"));
    commit(crossSigning(SigningKeyUsage.SELF_SIGNING, "self"));
    List<RowChange> rows = new ArrayList<>(List.of(logOut()));
    rows.addAll(sign());

    commit(rows);

    assertThat(signatures()).isEmpty();
  }

  @Test
  void keysThatAreCommittedTogetherWithTheRemovalAreNotKept() {
    commit(List.of(logIn()));
    List<RowChange> rows = new ArrayList<>(List.of(logOut()));
    rows.addAll(upload());

    commit(rows);

    assertThat(stored()).isZero();
  }
}
