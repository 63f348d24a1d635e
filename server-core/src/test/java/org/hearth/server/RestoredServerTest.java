package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.http.TestClient.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.hearth.server.admin.ActivityEntry;
import org.hearth.server.admin.AdminException;
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

  @Test
  void aBackupTakesThePlaceOfWhatIsThereWhichIsKept() throws Exception {
    Path served = parent.resolve("served");
    DataFolder data = new DataFolder(served);
    Files.createDirectories(served);
    String configuration = "server-name: hearth.test\nlisteners: [ { port: 0 } ]\n";
    Files.writeString(data.configuration(), configuration);
    Path backup;
    String token;
    String room;
    try (WholeServer server = new WholeServer(served)) {
      server.start();
      token = server.newAccount("alice").text("access_token");
      TestClient alice = server.client().as(token);
      room = alice.post(V3 + "/createRoom", "{}").expect(200).text("room_id");
      send(alice, room, "kept");
      BackupMaker maker = server.homeserver().backups().orElseThrow();
      backup = Path.of(maker.begin(Optional.empty()).folder().orElseThrow());
      assertThat(maker.await().state()).isEqualTo(State.DONE);
      send(alice, room, "lost");
      // While the server runs, nothing is touched.
      assertThatThrownBy(() ->
              InPlaceRestore.prepare(
                  backup,
                  data,
                  Instant.EPOCH,
                  (step, _, _) -> {
                    if (step.contains("database")) {
                      throw new CancellationException(step);
                    }
                  }))
          .isInstanceOf(CancellationException.class);
      assertThat(prepared(served)).isEmpty();
      try (InPlaceRestore restore =
          InPlaceRestore.prepare(backup, data, Instant.EPOCH, (_, _, _) -> {})) {
        assertThatThrownBy(restore::putInPlace)
            .isInstanceOf(AdminException.class)
            .hasMessageContaining("in use");
      }
      assertThat(prepared(served)).isEmpty();
      assertThat(bodies(alice, room)).containsExactly("kept", "lost");
    }

    Files.writeString(data.configuration(), configuration + "# a new setting\n");
    InPlaceRestore.Done done;
    try (InPlaceRestore restore =
        InPlaceRestore.prepare(backup, data, Instant.EPOCH, (_, _, _) -> {})) {
      done = restore.putInPlace();
    }

    assertThat(done.told()).isEmpty();
    assertThat(done.aside()).isEqualTo(served.resolve("before-restore-19700101-000000"));
    assertThat(InPlaceRestore.setAside(data)).containsExactly(done.aside());
    assertThat(prepared(served)).isEmpty();
    assertThat(data.configuration()).content().endsWith("# a new setting\n");
    assertThat(backup).isDirectory();
    try (WholeServer server = new WholeServer(served)) {
      server.start();
      assertThat(bodies(server.client().as(token), room)).containsExactly("kept");
      assertThat(server.homeserver().admin().orElseThrow().activity(0, 100))
          .extracting(ActivityEntry::text)
          .anyMatch(each -> each.contains("The backup " + backup + " was restored."));
    }
    try (WholeServer server = new WholeServer(done.aside())) {
      server.start();
      assertThat(bodies(server.client().as(token), room)).containsExactly("kept", "lost");
    }
  }

  /// The disk fails in the middle of the exchange.
  @Test
  void anExchangeThatFailsLeavesAllAsItWas() throws Exception {
    Path served = parent.resolve("served");
    DataFolder data = new DataFolder(served);
    Files.createDirectories(served);
    Files.writeString(
        data.configuration(), "server-name: hearth.test\nlisteners: [ { port: 0 } ]\n");
    Path shelf = parent.resolve("shelf");
    try (WholeServer server = new WholeServer(served)) {
      server.start();
      server.newAccount("alice");
      backUp(server.homeserver().backups().orElseThrow(), shelf);
      server.newAccount("bob");
    }
    Path backup;
    try (Stream<Path> all = Files.list(shelf)) {
      backup = all.findAny().orElseThrow();
    }
    byte[] key = Files.readAllBytes(served.resolve(DataFolder.SIGNING_KEY));

    Path another = served.resolve("before-restore-19700101-000000");
    try (InPlaceRestore restore =
        InPlaceRestore.prepare(backup, data, Instant.EPOCH, (_, _, _) -> {})) {
      Files.createDirectories(another.resolve("database"));
      assertThatThrownBy(restore::putInPlace).hasMessageContaining(another.toString());
      assertThat(another.resolve("database")).exists();
      Files.delete(another.resolve("database"));
      Files.delete(another);
    }
    try (InPlaceRestore restore =
        InPlaceRestore.prepare(backup, data, Instant.EPOCH, (_, _, _) -> {})) {
      Path inTheWay = served.resolve(DataFolder.RESTORED);
      Files.createDirectories(inTheWay.resolve("more"));
      assertThatThrownBy(restore::putInPlace)
          .isInstanceOf(AdminException.class)
          .hasMessageContaining(DataFolder.RESTORED);
      Files.delete(inTheWay.resolve("more"));
      Files.delete(inTheWay);
    }

    assertThat(InPlaceRestore.setAside(data)).isEmpty();
    assertThat(prepared(served)).isEmpty();
    assertThat(served.resolve("restoring")).doesNotExist();
    assertThat(served.resolve(DataFolder.SIGNING_KEY)).hasBinaryContent(key);
    try (WholeServer server = new WholeServer(served)) {
      server.start();
      assertThat(server.homeserver().admin().orElseThrow().overview().people()).isEqualTo(2);
    }
  }

  @Test
  void whatIsPreparedIsHeldUntilItIsUsedAndNothingElseIsKept() throws Exception {
    Path served = parent.resolve("served");
    DataFolder data = new DataFolder(served);
    Path backup = backUpNew(data);
    Path left = Files.createDirectories(served.resolve("restoring-left/data")).resolveSibling("");

    try (InPlaceRestore restore =
        InPlaceRestore.prepare(backup, data, Instant.EPOCH, (_, _, _) -> {})) {
      assertThat(left).doesNotExist();
      Files.createDirectories(left);
      assertThat(SavedData.check(backup, data, (_, _, _) -> {}).whole()).isTrue();
      assertThat(left).doesNotExist();
      Path held = prepared(served).getFirst();
      Files.move(held.resolve("data/database"), parent.resolve("gone"));
      assertThatThrownBy(restore::putInPlace)
          .isInstanceOf(AdminException.class)
          .hasMessageContaining("data/database does not exist")
          .hasMessageEndingWith("Everything is as it was.");
      Files.move(parent.resolve("gone"), held.resolve("data/database"));
      restore.putInPlace();
    }

    assertThat(prepared(served)).isEmpty();
    try (WholeServer server = new WholeServer(served)) {
      server.start();
      assertThat(server.homeserver().admin().orElseThrow().overview().people()).isEqualTo(1);
    }
  }

  @Test
  void aBackupThatCannotBeTriedIsNotCalledDamaged() throws Exception {
    Path served = parent.resolve("served");
    DataFolder data = new DataFolder(served);
    Path backup = backUpNew(data);
    SavedData.Progress inTheWay =
        (step, _, _) -> {
          if (step.equals("opening its database")) {
            assertThat(
                    prepared(served)
                        .getFirst()
                        .resolve("data/database/making/more")
                        .toFile()
                        .mkdirs())
                .isTrue();
          }
        };

    assertThatThrownBy(() -> SavedData.check(backup, data, inTheWay))
        .isInstanceOf(AdminException.class)
        .hasMessageContaining("making")
        .message()
        .doesNotContain("damaged");

    assertThat(SavedData.check(backup, data, (_, _, _) -> {}).whole()).isTrue();
    Files.delete(backup.resolve("derby/service.properties"));
    SavedData.Checked found = SavedData.check(backup, data, (_, _, _) -> {});
    assertThat(found.whole()).isFalse();
    assertThat(found.sentence()).contains("is damaged or not a backup", "is missing");
  }

  @Test
  void aBackupOfAnotherServerIsRefusedInPlace() throws Exception {
    DataFolder data = new DataFolder(parent.resolve("served"));
    Files.createDirectories(data.root());
    Path backup = Files.createDirectory(parent.resolve("backup"));
    assertThatThrownBy(() -> InPlaceRestore.prepare(backup, data, Instant.EPOCH, (_, _, _) -> {}))
        .hasMessageContaining("There is no hearth.yaml");

    Files.writeString(data.configuration(), "server-name: one.example\n");
    Files.writeString(backup.resolve("hearth.yaml"), "server-name: two.example\n");

    assertThatThrownBy(() -> InPlaceRestore.prepare(backup, data, Instant.EPOCH, (_, _, _) -> {}))
        .isInstanceOf(AdminException.class)
        .hasMessageContainingAll("two.example", "here is one.example");
  }

  private static List<Path> prepared(Path served) {
    File[] found = served.toFile().listFiles((_, name) -> name.startsWith(DataFolder.PREPARED));
    return Stream.of(Objects.requireNonNull(found, "served is a folder"))
        .map(File::toPath)
        .toList();
  }

  /// A backup of a server that is set up there.
  private Path backUpNew(DataFolder data) throws Exception {
    Files.createDirectories(data.root());
    Files.writeString(
        data.configuration(), "server-name: hearth.test\nlisteners: [ { port: 0 } ]\n");
    try (WholeServer server = new WholeServer(data.root())) {
      server.start();
      server.newAccount("alice");
      BackupMaker maker = server.homeserver().backups().orElseThrow();
      Path backup = Path.of(maker.begin(Optional.empty()).folder().orElseThrow());
      assertThat(maker.await().state()).isEqualTo(State.DONE);
      return backup;
    }
  }

  private static List<String> bodies(TestClient client, String room) {
    return client
        .get(V3 + "/rooms/" + encoded(room) + "/messages?dir=f&limit=100")
        .expect(200)
        .json()
        .findValuesAsText("body");
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
