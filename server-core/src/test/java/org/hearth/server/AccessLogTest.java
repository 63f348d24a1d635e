package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("long")
class AccessLogTest {
  @Test
  void hasALineForEachRequestAndNoSecrets(@TempDir Path folder) throws Exception {
    try (PopulatedServer house = new PopulatedServer(folder)) {
      house.start();
      house.populate();
      TestClient alice = house.client("alice");
      alice.get("/_matrix/client/v3/account/whoami?access_token=from-the-query").expect(200);
      alice.anonymous().get("/_matrix/client/v3/sync").expect(401);
      alice.get("/_matrix/client/v3/nothing").expect(404);

      List<String> lines = linesUntil(folder, "GET /_matrix/client/v3/nothing 404");
      assertThat(lines)
          .anyMatch(each ->
              each.contains("127.0.0.1 GET /_matrix/client/v3/account/whoami 200")
                  && each.endsWith("@alice:hearth.test"))
          .anyMatch(each -> each.contains("GET /_matrix/client/v3/sync 401"))
          .anyMatch(each -> each.contains("127.0.0.1 GET /_matrix/client/v3/nothing 404"))
          .anyMatch(each -> each.contains("/rooms/{roomId}/send/{eventType}/{txnId} 200"))
          .noneMatch(each -> each.contains("from-the-query"))
          .noneMatch(each -> each.contains(house.token("alice")))
          .noneMatch(each -> each.contains("Hello"));
    }
  }

  @Test
  void goesOnInTheSameFilesAfterARestart(@TempDir Path folder) throws Exception {
    try (PopulatedServer house = new PopulatedServer(folder)) {
      house.start();
      house.populate();
      house.stop();
      long before = Files.size(folder.resolve("logs/hearth.log"));
      house.start();
      house.client("alice").get("/_matrix/client/v3/joined_rooms").expect(200);

      assertThat(linesUntil(folder, "/joined_rooms 200")).isNotEmpty();
      assertThat(Files.size(folder.resolve("logs/hearth.log"))).isGreaterThan(before);
    }
  }

  /// Lines are written aside; the one that is waited for comes within moments.
  private static List<String> linesUntil(Path folder, String last) throws IOException {
    long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (true) {
      List<String> lines = Files.readAllLines(folder.resolve("logs/access.log"));
      if (lines.stream().anyMatch(each -> each.contains(last)) || System.nanoTime() > until) {
        return lines;
      }
      LockSupport.parkNanos(1_000_000);
    }
  }
}
