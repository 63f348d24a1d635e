package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.DamagedPage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A part of the database that is empty where there was something is no damage to Derby: its owner
/// learns of it from Hearth.
@Tag("long")
class MissingEventsWarningTest {
  @TempDir private Path folder;

  @Test
  void anEventThatIsMissingIsWarnedOfWhenItIsMissed() throws Exception {
    TestClient owner;
    String room;
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      owner = server.register("alice");
      room = WholeServer.openRoom(owner);
      for (String word : List.of("before", "within", "after")) {
        String text = word.repeat(9_000 / word.length());
        owner
            .put(
                "/_matrix/client/v3/rooms/" + room + "/send/m.room.message/" + word,
                "{'msgtype':'m.text','body':'" + text + "'}")
            .expect(200);
      }
      assertThat(server.homeserver().warnings()).isEmpty();
    }
    DamagedPage.empty(folder, "within".repeat(1_000));

    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = owner.at(server.base());

      assertThat(
              alice
                  .get("/_matrix/client/v3/rooms/" + room + "/messages?dir=b")
                  .expect(200)
                  .json()
                  .toString())
          .contains("before", "after")
          .doesNotContain("withinwithin");

      assertThat(server.homeserver().warnings())
          .singleElement()
          .asString()
          .contains("Parts of the database are missing or damaged", "hearth check --database");
    }
  }
}
