package org.hearth.server.readers.userdirectory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
@Tag("long")
class LeftRoomsTest {
  @TempDir private Path folder;

  private static List<String> found(TestClient who) {
    return who.post("/_matrix/client/v3/user_directory/search", "{'search_term':'bob'}")
        .expect(200)
        .json()
        .path("results")
        .findValuesAsText("user_id");
  }

  /// Who is in a public room is found, but not in one that nobody of this server is in any more:
  /// what is known of that is long past.
  @Test
  void whoIsInARoomThatThisServerHasLeftIsNotFound() throws IOException {
    try (FederatedServer server = new FederatedServer(folder, "")) {
      TestClient alice = server.register("alice");
      TestClient carol = server.register("carol");
      RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
      var _ = server.join(room, "@alice:hearth.test");
      Eventually.until("Bob is found", () -> found(carol).contains(RoomFixture.BOB.value()));

      alice
          .post(
              "/_matrix/client/v3/rooms/%s/leave"
                  .formatted(TestClient.encoded(room.roomId().value())),
              "{}")
          .expect(200);

      assertThat(found(alice)).isEmpty();
      assertThat(found(carol)).isEmpty();
    }
  }
}
