package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The version of rooms for which clients name none.
@Tag("long")
class DefaultRoomVersionTest {
  private static final String V3 = "/_matrix/client/v3";

  @TempDir Path folder;

  @Test
  void newRoomsHaveTheVersionThatTheConfigurationNames() throws Exception {
    try (WholeServer server = new WholeServer(folder, "rooms: { default-version: \"11\" }")) {
      server.start();
      TestClient alice = server.register("alice");

      String room = alice.post(V3 + "/createRoom", "{}").expect(200).text("room_id");

      assertThat(
              alice
                  .get(V3 + "/rooms/" + TestClient.encoded(room) + "/state/m.room.create/")
                  .expect(200)
                  .text("room_version"))
          .isEqualTo("11");
      assertThat(
              alice
                  .get(V3 + "/capabilities")
                  .expect(200)
                  .at("/capabilities/m.room_versions/default")
                  .asText())
          .isEqualTo("11");
    }
  }
}
