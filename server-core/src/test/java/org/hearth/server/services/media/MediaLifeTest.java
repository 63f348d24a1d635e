package org.hearth.server.services.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.hearth.server.SavedData;
import org.hearth.server.WholeServer;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.BackupMaker;
import org.hearth.server.admin.BackupStatus;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.RawClient;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What becomes of media over restarts, a backup, and with the account that it is of.
@Tag("long")
class MediaLifeTest {
  private static final byte[] OLD = "from before".getBytes(StandardCharsets.UTF_8);
  private static final byte[] NEW = "from after".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder;

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void whatIsFromBeforeTheFreezeIsThereWithoutALogin() throws Exception {
    String before;
    String waiting;
    MediaClient alice;
    try (WholeServer server =
        new WholeServer(folder, "media: { without-login: true, keep-free: 0 }\n")) {
      server.start();
      alice = MediaClient.register(server, "alice");
      before = alice.upload(OLD, "text/html", Optional.of("a.html"));
      waiting = alice.create();
      alice
          .anonymous()
          .get(MediaClient.OLD_DOWNLOAD + waiting + "?timeout_ms=0")
          .expect(504, "M_NOT_YET_UPLOADED");
    }

    try (WholeServer server = new WholeServer(folder, "media: { keep-free: 0 }\n")) {
      server.start();
      MediaClient back = alice.at(server.base());
      MediaClient anybody = back.anonymous();
      // "Any media uploaded after (or during) the freeze".
      back.put(MediaClient.UPLOAD + "/" + waiting, NEW).expect(200);

      MediaClient.Answer answer = anybody.get(MediaClient.OLD_DOWNLOAD + before).expect(200);
      assertThat(answer.body()).isEqualTo(OLD);
      assertThat(answer.header("content-disposition")).isEqualTo("attachment; filename=\"a.html\"");
      assertThat(answer.header("content-security-policy")).startsWith("sandbox;");
      assertThat(anybody.get("/_matrix/media/r0/download/" + before + "/b").expect(200).body())
          .isEqualTo(OLD);
      anybody.get(MediaClient.OLD_DOWNLOAD + waiting).expect(404, "M_NOT_FOUND");
      assertThat(back.get(MediaClient.DOWNLOAD + waiting).expect(200).body()).isEqualTo(NEW);
      anybody
          .get(MediaClient.OLD_DOWNLOAD + back.create() + "?timeout_ms=50000")
          .expect(404, "M_NOT_FOUND");
    }
  }

  @Test
  void itGoesWithAnErasedAccountOnly() throws Exception {
    try (WholeServer server = new WholeServer(folder, "media: { keep-free: 0 }\n")) {
      server.start();
      MediaClient watcher = MediaClient.register(server, "watcher");
      MediaClient closed = MediaClient.register(server, "closed");
      MediaClient erased = MediaClient.register(server, "erased");
      String stays = closed.upload(OLD, "image/png");
      String goes = erased.upload(NEW, "image/png");
      String pending = erased.create();

      WholeServer.closeAccount(server.client().as(closed.token()), "closed");
      erase(server, erased);

      await(() -> watcher.get(MediaClient.DOWNLOAD + goes).status() == 404);
      watcher.get(MediaClient.DOWNLOAD + stays).expect(200);
      watcher.get(MediaClient.DOWNLOAD + pending).expect(404, "M_NOT_FOUND");
      await(() -> kept(folder) == 1);
    }
  }

  @Test
  void anUploadThatIsUnderWayEndsWithTheLogin() throws Exception {
    try (WholeServer server = new WholeServer(folder, "media: { keep-free: 0 }\n")) {
      server.start();
      MediaClient erased = MediaClient.register(server, "erased");
      MediaClient closed = MediaClient.register(server, "closed");
      MediaClient loggedOut = MediaClient.register(server, "out");
      String address = closed.create();
      try (RawClient first = halfSent(server, erased, "POST", "");
          RawClient second = halfSent(server, closed, "PUT", "/" + address);
          RawClient third = halfSent(server, loggedOut, "POST", "")) {
        await(() -> incoming() == 3);
        erase(server, erased);
        WholeServer.closeAccount(server.client().as(closed.token()), "closed");
        server.client().as(loggedOut.token()).post("/_matrix/client/v3/logout", "{}").expect(200);

        for (RawClient each : List.of(first, second, third)) {
          assertThat(each.send("x".repeat(100_000)).answer().status()).isEqualTo(401);
        }
      }
      await(() -> incoming() == 0);
      assertThat(kept(folder)).isZero();
    }
  }

  /// An upload of which one half has come.
  private static RawClient halfSent(
      WholeServer server, MediaClient user, String method, String address) {
    RawClient raw = new RawClient(server.base().getPort());
    return raw.request(
            method,
            MediaClient.UPLOAD + address,
            "Authorization: Bearer " + user.token(),
            "Content-Length: 200000")
        .send("x".repeat(100_000));
  }

  private static void erase(WholeServer server, MediaClient erased) {
    server
        .client()
        .as(erased.token())
        .post(
            "/_matrix/client/v3/account/deactivate",
            "{'erase': true, 'auth': {'type': 'm.login.password', 'password': '%s', 'identifier': {'type': 'm.id.user', 'user': 'erased'}}}"
                .formatted(WholeServer.PASSWORD))
        .expect(200);
  }

  private int incoming() {
    try (Stream<Path> files = Files.list(folder.resolve("media/incoming"))) {
      return (int) files.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long kept(Path data) {
    try (Stream<Path> walk = Files.walk(data.resolve("media/files"))) {
      return walk.filter(Files::isRegularFile).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aBackupGivesItBackAndSaysWhatIsMissing() throws Exception {
    Path shelf = folder.resolve("shelf");
    String address;
    MediaClient alice;
    try (WholeServer server =
        new WholeServer(folder.resolve("served"), "media: { keep-free: 0 }\n")) {
      server.start();
      alice = MediaClient.register(server, "alice");
      address = alice.upload(OLD, "image/png");
      BackupMaker backups = server.homeserver().backups().orElseThrow();
      var _ = backups.begin(Optional.of(shelf));
      await(() -> backups.status().state() == BackupStatus.State.DONE);
    }
    Path backup;
    try (Stream<Path> all = Files.list(shelf)) {
      backup = all.filter(each -> !each.endsWith("media")).findAny().orElseThrow();
    }
    assertThat(SavedData.verify(backup)).contains("1 pictures and files");
    Path restored = folder.resolve("restored");
    // What is in the way ends the restore when the database is there and the files are not.
    Files.createDirectories(restored.resolve("media"));
    Path inTheWay = Files.createFile(restored.resolve("media/files"));
    assertThatThrownBy(() -> SavedData.restore(backup, new DataFolder(restored)))
        .isInstanceOf(AdminException.class)
        .hasMessageContainingAll("restoring a backup into " + restored, inTheWay.toString());
    assertThat(restored.resolve("database/high-water")).exists();
    try (WholeServer server = new WholeServer(restored, "media: { keep-free: 0 }\n")) {
      assertThatThrownBy(server::start).hasMessageContaining("did not come to its end");
    }
    Files.delete(inTheWay);
    assertThat(SavedData.restore(backup, new DataFolder(restored)))
        .noneMatch(each -> each.contains("pictures"));

    try (WholeServer server = new WholeServer(restored, "media: { keep-free: 0 }\n")) {
      server.start();
      MediaClient back = alice.at(server.base());
      assertThat(back.get(MediaClient.DOWNLOAD + address).expect(200).body()).isEqualTo(OLD);
    }

    // Who has taken only the backup's own folder along.
    Path alone = Files.move(backup, folder.resolve("alone"));
    assertThat(refusal(alone)).contains("1 are missing");
    assertThat(SavedData.restore(alone, new DataFolder(folder.resolve("poor"))))
        .anyMatch(each -> each.contains("1 are missing or damaged"));
  }

  private static String refusal(Path backup) throws IOException {
    try {
      return SavedData.verify(backup);
    } catch (AdminException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void aServerThatIsStoppedGoesOnWithWhatWasPromised() throws Exception {
    MediaClient alice;
    String address;
    try (WholeServer server = new WholeServer(folder, "media: { keep-free: 0 }\n")) {
      server.start();
      alice = MediaClient.register(server, "alice");
      address = alice.create();
    }
    try (WholeServer server = new WholeServer(folder, "media: { keep-free: 0 }\n")) {
      server.start();
      MediaClient back = alice.at(server.base());
      back.put(MediaClient.UPLOAD + "/" + address, NEW).expect(200);
      assertThat(TestClient.of(server.base()).get("/_matrix/media/v3/config").status())
          .isEqualTo(401);
    }
  }
}
