package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.http.TestClient.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.admin.ActivityEntry;
import org.hearth.server.admin.BackupMaker;
import org.hearth.server.admin.BackupStatus.State;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an app finds after its server went back to a backup.
@Tag("long")
class RestoredServerTest {
  private static final String V3 = "/_matrix/client/v3";
  @TempDir private Path parent;

  @Test
  void appWithATokenOfWhatIsLostSyncsAnew() throws Exception {
    Path shelf = parent.resolve("shelf");
    Path restored = parent.resolve("restored");
    String token;
    String room;
    String since;
    try (WholeServer server = new WholeServer(parent.resolve("served"))) {
      server.start();
      token = server.newAccount("alice").text("access_token");
      TestClient alice = server.client().as(token);
      room = alice.post(V3 + "/createRoom", "{}").expect(200).text("room_id");
      send(alice, room, "kept");
      backUp(server.homeserver().backups().orElseThrow(), shelf);
      send(alice, room, "lost");
      since = alice.get(V3 + "/sync").expect(200).text("next_batch");
    }
    Path backup;
    try (Stream<Path> all = Files.list(shelf)) {
      backup = all.findAny().orElseThrow();
    }

    assertThat(SavedData.restore(backup, new DataFolder(restored)))
        .containsExactly("It holds no hearth.yaml: put that into the folder before you start.");

    try (WholeServer server = new WholeServer(restored)) {
      server.start();
      TestClient alice = server.client().as(token);
      send(alice, room, "after");
      JsonNode joined =
          alice
              .get(V3 + "/sync?since=" + since)
              .expect(200)
              .json()
              .path("rooms")
              .path("join")
              .path(room);
      List<String> bodies = joined.path("timeline").path("events").findValuesAsText("body");
      assertThat(bodies).containsExactly("kept", "after");
      server.homeserver().stopForOwner(Duration.ZERO);
      server.start();
      List<ActivityEntry> told = server.homeserver().admin().orElseThrow().activity(0, 100);
      assertThat(told)
          .extracting(ActivityEntry::text)
          .filteredOn(each -> each.contains("restored") || each.contains("in order"))
          .singleElement()
          .asString()
          .contains("The backup " + backup + " was restored.");
    }
  }

  /// Two who got one key could not both talk to its device.
  @Test
  void aOneTimeKeyIsNotGivenAwayAgain() throws Exception {
    Path shelf = parent.resolve("shelf");
    Path restored = parent.resolve("restored");
    String claim = "{'one_time_keys': {'@alice:hearth.test': {'PHONE': 'signed_curve25519'}}}";
    String token;
    try (WholeServer server = new WholeServer(parent.resolve("served"))) {
      server.start();
      TestClient.Answer account = server.newAccount("alice");
      token = account.text("access_token");
      claim = claim.replace("PHONE", account.text("device_id"));
      TestClient alice = server.client().as(token);
      alice
          .post(V3 + "/keys/upload", "{'one_time_keys': {'signed_curve25519:A': {'key': 'a'}}}")
          .expect(200);
      backUp(server.homeserver().backups().orElseThrow(), shelf);
      assertThat(claimed(alice, claim)).hasSize(1);
    }
    try (Stream<Path> all = Files.list(shelf)) {
      var _ = SavedData.restore(all.findAny().orElseThrow(), new DataFolder(restored));
    }

    try (WholeServer server = new WholeServer(restored)) {
      server.start();
      TestClient alice = server.client().as(token);
      JsonNode counts =
          alice.get(V3 + "/sync").expect(200).json().path("device_one_time_keys_count");

      assertThat(counts.path("signed_curve25519").asInt(-1)).isZero();
      assertThat(claimed(alice, claim)).isEmpty();
    }
  }

  private static JsonNode claimed(TestClient client, String claim) {
    return client.post(V3 + "/keys/claim", claim).expect(200).json().path("one_time_keys");
  }

  private static void send(TestClient client, String room, String body) {
    client
        .put(
            V3 + "/rooms/" + encoded(room) + "/send/m.room.message/" + body,
            "{'msgtype': 'm.text', 'body': '%s'}".formatted(body))
        .expect(200);
  }

  private static void backUp(BackupMaker backups, Path shelf) {
    backups.begin(Optional.of(shelf));
    while (backups.status().state() == State.RUNNING) {
      Thread.onSpinWait();
    }
    assertThat(backups.status().state()).isEqualTo(State.DONE);
  }
}
