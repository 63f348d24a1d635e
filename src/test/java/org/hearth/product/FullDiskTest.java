package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.encoded;
import static org.hearth.product.MatrixHttp.object;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The server on a small file system that runs full: who wants to write is told so, who reads is
/// served, and when there is room again everything goes on without anybody's doing.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
@Tag("long")
class FullDiskTest {
  private static final long DISK_BYTES = 500L << 20;
  private static final int MINUTES = 4;

  @TempDir Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() throws Exception {
    mounted = run("mount", "-t", "tmpfs", "-o", "size=" + DISK_BYTES, "hearth", disk.toString());
    assumeTrue(mounted, "this test mounts a small file system, which takes root's rights");
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      assertThat(run("umount", disk.toString())).isTrue();
    }
  }

  @Test
  void refusesWritesAndServesReadsUntilThereIsRoomAgain() throws Exception {
    tryWith(16 << 20);
  }

  @Test
  void survivesADiskWithoutASingleFreeByte() throws Exception {
    tryWith(0);
  }

  private void tryWith(long freeBytes) throws IOException {
    try (HearthProcess server = HearthProcess.start(disk.resolve("data"))) {
      MatrixHttp alice = MatrixHttp.at(server.address()).register("alice", Crowd.PASSWORD);
      String room = alice.post("/createRoom", object()).granted().path("room_id").textValue();
      List<String> acknowledged = new ArrayList<>();
      String since = alice.get("/sync").granted().path("next_batch").textValue();
      acknowledged.add(send(alice, room, 0).granted().path("event_id").textValue());

      Path filler = fill(freeBytes);
      int number = 1;
      MatrixHttp.Answer answer = send(alice, room, number);
      for (long until = deadline(); answer.status() == 200 && System.nanoTime() < until; ) {
        acknowledged.add(answer.json().path("event_id").textValue());
        answer = send(alice, room, ++number);
      }

      assertFull(answer);
      assertWritesAreRefused(alice, room);
      assertReadsAreServed(alice, room, since, acknowledged);

      Files.delete(filler);
      answer = send(alice, room, number);
      for (long until = deadline(); answer.status() != 200 && System.nanoTime() < until; ) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        answer = send(alice, room, number);
      }
      acknowledged.add(answer.granted().path("event_id").textValue());
      MatrixHttp.at(server.address()).register("bob", Crowd.PASSWORD);
      assertReadsAreServed(alice, room, since, acknowledged);

      server.kill();
      server.restart();
      assertReadsAreServed(alice, room, since, acknowledged);
    }
  }

  private static MatrixHttp.Answer send(MatrixHttp client, String room, int number) {
    return client.put(
        Crowd.path(room) + "/send/m.room.message/t" + number,
        object().put("msgtype", "m.text").put("body", number + "x".repeat(1000)));
  }

  private static void assertFull(MatrixHttp.Answer answer) {
    assertThat(answer.status()).as("%s", answer.json()).isIn(503, 507);
    assertThat(answer.json().path("errcode").asText()).isEqualTo("M_UNKNOWN");
    assertThat(answer.json().path("error").asText()).isNotEmpty().doesNotContain("/");
    assertThat(answer.retryAfter()).isPresent();
  }

  /// None of them half done: what was refused is not there when there is room again.
  private static void assertWritesAreRefused(MatrixHttp alice, String room) {
    assertFull(alice.put(Crowd.path(room) + "/state/m.room.name", object().put("name", "x")));
    assertFull(alice.post("/createRoom", object().put("name", "x")));
    assertFull(
        alice.put("/profile/" + user(alice) + "/displayname", object().put("displayname", "x")));
    assertFull(alice.put("/user/" + user(alice) + "/account_data/org.test", object().put("x", 1)));
    var registration = object().put("username", "bob").put("password", Crowd.PASSWORD);
    registration.putObject("auth").put("type", "m.login.dummy");
    assertFull(MatrixHttp.at(alice.base()).post("/register", registration));
    var login = object().put("type", "m.login.password").put("user", "alice");
    assertFull(MatrixHttp.at(alice.base()).post("/login", login.put("password", Crowd.PASSWORD)));
  }

  private static void assertReadsAreServed(
      MatrixHttp alice, String room, String since, List<String> acknowledged) {
    assertThat(alice.get("/account/whoami").granted().path("user_id").asText()).contains("alice");
    assertThat(alice.get("/joined_rooms").granted().path("joined_rooms")).hasSize(1);
    assertThat(alice.get(Crowd.path(room) + "/state/m.room.name").is(404, "M_NOT_FOUND")).isTrue();
    assertThat(alice.get("/profile/" + user(alice)).granted().path("displayname").asText())
        .isNotEqualTo("x");
    assertThat(Timeline.of(alice, room).ids()).containsAll(acknowledged).doesNotHaveDuplicates();
    JsonNode news = alice.get("/sync?since=" + since).granted();
    assertThat(news.findValuesAsText("event_id")).contains(acknowledged.getLast());
  }

  private static String user(MatrixHttp client) {
    return encoded(client.get("/account/whoami").granted().path("user_id").textValue());
  }

  private static long deadline() {
    return System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
  }

  private Path fill(long leftBytes) throws IOException {
    Path filler = disk.resolve("filler");
    try (OutputStream out = Files.newOutputStream(filler)) {
      for (int block : new int[] {1 << 20, 4096}) {
        byte[] bytes = new byte[block];
        while (disk.toFile().getUsableSpace() - block >= leftBytes) {
          out.write(bytes);
        }
      }
    }
    return filler;
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException _) {
      return false; // There is no such program here.
    }
  }
}
