package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.http.TestClient.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.admin.BackupMaker;
import org.hearth.server.admin.BackupStatus.State;
import org.hearth.server.admin.SigningKeySummary;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.checks.ReceiptChecks;
import org.hearth.server.matrix.checks.Received;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.VerifyKey;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A whole server changes its key: what others find at `/_matrix/key/v2/server`, and what they make
/// of its events.
@Tag("long")
class ServerKeyRotationTest {
  private static final String V3 = "/_matrix/client/v3";
  @TempDir private Path parent;

  private static JsonNode published(WholeServer server) {
    return server.client().get("/_matrix/key/v2/server").expect(200).json();
  }

  /// The keys as a peer takes them from the answer.
  private static ServerKeys asPeersSee(JsonNode published) {
    long validUntil = published.path("valid_until_ts").asLong();
    return (_, id) -> {
      JsonNode current = published.path("verify_keys").path(id.value());
      JsonNode old = published.path("old_verify_keys").path(id.value());
      if (current.isObject()) {
        return key(current).map(key -> new PublishedKey.Current(key, validUntil));
      }
      return key(old).map(key -> new PublishedKey.Old(key, old.path("expired_ts").asLong()));
    };
  }

  private static Optional<VerifyKey> key(JsonNode entry) {
    return VerifyKey.parse(entry.path("key").asText("none"));
  }

  private static String keyOf(JsonNode published) {
    return published.path("verify_keys").fieldNames().next();
  }

  private static void assertSelfSigned(JsonNode published) {
    assertThat(published.path("server_name").asText()).isEqualTo("hearth.test");
    assertThat(published.path("verify_keys").size()).isEqualTo(1);
    assertThat(
            Signatures.verify(
                    (ObjectNode) published,
                    "hearth.test",
                    id -> key(published.path("verify_keys").path(id.value())))
                .isValid())
        .isTrue();
  }

  private static void send(TestClient client, String room, String body) {
    client
        .put(
            V3 + "/rooms/" + encoded(room) + "/send/m.room.message/" + body,
            "{'msgtype': 'm.text', 'body': '%s'}".formatted(body))
        .expect(200);
  }

  private static SigningKeySummary rotate(WholeServer server) {
    return server.homeserver().admin().orElseThrow().signingKeys().rotate();
  }

  /// The message as it is stored, and so as peers would get it.
  private static ObjectNode stored(Path folder, String body) {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      return store
          .reads()
          .select("SELECT json FROM room_event", row -> MatrixJson.restoreObject(row.getBytes(1)))
          .stream()
          .filter(each -> each.path("content").path("body").asText().equals(body))
          .findAny()
          .orElseThrow();
    }
  }

  private static void assertVerifiable(Path folder, String body, JsonNode published) {
    ObjectNode json = stored(folder, body);
    Received received =
        ReceiptChecks.receive(json, RoomVersions.of("11").orElseThrow(), asPeersSee(published));
    assertThat(received).as(json + " by " + published).isInstanceOf(Received.Intact.class);
  }

  private static String signer(Path folder, String body) {
    return stored(folder, body).at("/signatures/hearth.test").fieldNames().next();
  }

  @Test
  void eventsOfBeforeAndAfterAreVerifiableAlsoAfterARestart() throws Exception {
    Path folder = parent.resolve("served");
    JsonNode first;
    JsonNode second;
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      String room =
          alice.post(V3 + "/createRoom", "{'room_version': '11'}").expect(200).text("room_id");
      send(alice, room, "before");
      first = published(server);
      String rotated = rotate(server).id();
      second = published(server);
      send(alice, room, "after");

      assertSelfSigned(first);
      assertSelfSigned(second);
      assertThat(keyOf(second)).isEqualTo(rotated).isNotEqualTo(keyOf(first));
      assertThat(second.at("/old_verify_keys/" + keyOf(first) + "/key"))
          .isEqualTo(first.at("/verify_keys/" + keyOf(first) + "/key"));
    }
    JsonNode third;
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      third = published(server);
    }

    assertThat(third.path("verify_keys")).isEqualTo(second.path("verify_keys"));
    assertThat(third.path("old_verify_keys")).isEqualTo(second.path("old_verify_keys"));
    assertThat(signer(folder, "before")).isEqualTo(keyOf(first));
    assertThat(signer(folder, "after")).isEqualTo(keyOf(second));
    for (JsonNode keys : List.of(second, third)) {
      assertVerifiable(folder, "before", keys);
      assertVerifiable(folder, "after", keys);
    }
  }

  @Test
  void tokensOfBeforeStayGood() throws Exception {
    try (WholeServer server = new WholeServer(parent.resolve("served"))) {
      server.start();
      TestClient alice = server.register("alice");
      String ask = V3 + "/user/@alice:hearth.test/openid/request_token";
      String info = "/_matrix/federation/v1/openid/userinfo?access_token=";
      String before = alice.post(ask, "{}").expect(200).text("access_token");

      rotate(server);
      String after = alice.post(ask, "{}").expect(200).text("access_token");

      server.client().get(info + encoded(before)).expect(200);
      server.client().get(info + encoded(after)).expect(200);
    }
  }

  @Test
  void aRestoredServerHasAllKeysOfTheBackup() throws Exception {
    Path shelf = parent.resolve("shelf");
    Path restored = parent.resolve("restored");
    JsonNode rotated;
    try (WholeServer server = new WholeServer(parent.resolve("served"))) {
      server.start();
      rotate(server);
      rotate(server);
      rotated = published(server);
      BackupMaker backups = server.homeserver().backups().orElseThrow();
      backups.begin(Optional.of(shelf));
      while (backups.status().state() == State.RUNNING) {
        Thread.onSpinWait();
      }
      assertThat(backups.status().state()).isEqualTo(State.DONE);
    }
    try (Stream<Path> all = Files.list(shelf)) {
      var _ = SavedData.restore(all.findAny().orElseThrow(), new DataFolder(restored));
    }

    try (WholeServer server = new WholeServer(restored)) {
      server.start();
      JsonNode now = published(server);

      assertThat(now.path("old_verify_keys").size()).isEqualTo(2);
      assertThat(now.path("verify_keys")).isEqualTo(rotated.path("verify_keys"));
      assertThat(now.path("old_verify_keys")).isEqualTo(rotated.path("old_verify_keys"));
    }
  }

  /// A loss was accepted of a database that is gone: the file has the old keys, too.
  @Test
  void oldKeysOutliveTheDatabase() throws Exception {
    Path folder = parent.resolve("served");
    JsonNode rotated;
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      rotate(server);
      rotated = published(server);
    }
    try (Stream<Path> all = Files.walk(folder.resolve("database/derby"))) {
      for (Path each : all.toList().reversed()) {
        Files.delete(each);
      }
    }
    SavedData.acceptLoss(new DataFolder(folder));

    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      assertThat(published(server).path("old_verify_keys"))
          .isEqualTo(rotated.path("old_verify_keys"));
    }
  }

  @Test
  void theKeyOfBeforeIsRefusedAtTheStart() throws Exception {
    Path folder = parent.resolve("served");
    Path file = folder.resolve("keys/signing.key");
    String before;
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      before = Files.readString(file);
      rotate(server);
    }
    Files.writeString(file, before);

    try (WholeServer server = new WholeServer(folder)) {
      assertThatThrownBy(server::start)
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining("its file was damaged or replaced");
    }
  }
}
