package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The server is killed while clients of one user back up their keys.
@Tag("long")
class KilledBackupTest {
  private static final int CLIENTS = 4;
  private static final int FIRST_KEYS = 40;

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void everyKeyThatWasAcknowledgedIsThereAndCounted(@TempDir Path folder)
      throws IOException, InterruptedException {
    try (HearthProcess server = HearthProcess.start(folder.resolve("data"))) {
      MatrixHttp client = MatrixHttp.at(server.address()).register("alice", Crowd.PASSWORD);
      ObjectNode backup = object().put("algorithm", "org.test");
      backup.putObject("auth_data");
      String version =
          client.post("/room_keys/version", backup).granted().path("version").textValue();
      Set<String> acknowledged = ConcurrentHashMap.newKeySet();
      CountDownLatch first = new CountDownLatch(FIRST_KEYS);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        String name = "s" + i + "-";
        threads.add(
            Thread.ofVirtual().start(() -> store(client, version, name, acknowledged, first)));
      }
      first.await();
      server.kill();
      for (Thread each : threads) {
        each.join();
      }

      server.restart();

      JsonNode sessions =
          client.get("/room_keys/keys/!room?version=" + version).granted().path("sessions");
      Set<String> kept =
          sessions.properties().stream().map(Map.Entry::getKey).collect(Collectors.toSet());
      assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(FIRST_KEYS);
      assertThat(kept).containsAll(acknowledged);
      assertThat(client.get("/room_keys/version").granted().path("count").asInt())
          .isEqualTo(kept.size());
    }
  }

  private static void store(
      MatrixHttp client,
      String version,
      String name,
      Set<String> acknowledged,
      CountDownLatch first) {
    ObjectNode key =
        object().put("first_message_index", 0).put("forwarded_count", 0).put("is_verified", true);
    key.putObject("session_data").put("ciphertext", name);
    try {
      for (int i = 0; ; i++) {
        String path = "/room_keys/keys/!room/" + name + i + "?version=" + version;
        client.put(path, key).granted();
        acknowledged.add(name + i);
        first.countDown();
      }
    } catch (UncheckedIOException _) {
      // The server is gone.
    }
  }
}
