package org.hearth.server.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.hearth.server.WholeServer;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The box and log of notifications in a whole server: they show themselves, and counts go with the
/// account.
@Tag("long")
class NotificationWiringTest {
  @TempDir Path folder;

  @Test
  void theBoxAndItsArrowsAreInThePictureAndCountsGoWithTheAccount() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      TestClient bob = server.register("bob");
      String room = WholeServer.openRoom(alice, bob);
      String path = "/_matrix/client/v3/rooms/" + TestClient.encoded(room);
      for (int i = 0; i < 3; i++) {
        alice.put(path + "/send/m.room.message/" + i, "{'body':'hello bob'}").expect(200);
      }

      assertThat(unread(bob, room).path("notification_count").asLong()).isEqualTo(3);
      assertThat(unread(bob, room).path("highlight_count").asLong()).isEqualTo(3);

      WiringPicture picture = server.homeserver().admin().orElseThrow().wiring();
      assertThat(picture.nodes())
          .contains(
              new WiringPicture.Node(
                  "NotificationServer", WiringPicture.Kind.SERVER, "Counts the unread"));
      assertThat(picture.arrows())
          .contains(
              new WiringPicture.Arrow("room-output", "NotificationServer"),
              new WiringPicture.Arrow("receipt-output", "NotificationServer"),
              new WiringPicture.Arrow("NotificationServer", "notification-output"));
      WholeServer.closeAccount(bob, "bob");
      alice.put(path + "/send/m.room.message/last", "{'body':'hello'}").expect(200);

      assertThat(unread(alice, room).path("notification_count").asLong()).isZero();
    }
  }

  private static JsonNode unread(TestClient client, String room) {
    return client
        .get("/_matrix/client/v3/sync")
        .expect(200)
        .json()
        .path("rooms")
        .path("join")
        .path(room)
        .path("unread_notifications");
  }
}
