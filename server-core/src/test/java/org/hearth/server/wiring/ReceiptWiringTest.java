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

/// The boxes and logs of receipts in a whole server: they show themselves, receipts go through
/// them, and go with the account.
@Tag("long")
class ReceiptWiringTest {
  @TempDir Path folder;

  @Test
  void boxesAndArrowsOfReceiptsAreInThePictureAndReceiptsGoWithTheAccount() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      TestClient bob = server.register("bob");
      String room = WholeServer.openRoom(alice, bob);
      String path = "/_matrix/client/v3/rooms/" + TestClient.encoded(room);
      String event =
          alice
              .put(path + "/send/m.room.message/1", "{'body':'hello'}")
              .expect(200)
              .text("event_id");
      bob.post(path + "/receipt/m.read/" + event, "{}").expect(200);

      WiringPicture picture = server.homeserver().admin().orElseThrow().wiring();

      assertThat(ephemeral(alice, room).at("/0/content").has(event)).isTrue();
      assertThat(picture.nodes())
          .contains(
              new WiringPicture.Node(
                  "ClientReceiptUpdater", WiringPicture.Kind.WRITER, "What was read"),
              new WiringPicture.Node("ReceiptServer", WiringPicture.Kind.SERVER, "Keeps who read"));
      assertThat(picture.arrows())
          .contains(
              new WiringPicture.Arrow("ClientReceiptUpdater", "receipt-input"),
              new WiringPicture.Arrow("ReceiptServer", "receipt-input"),
              new WiringPicture.Arrow("receipt-input", "ReceiptServer"),
              new WiringPicture.Arrow("room-output", "ReceiptServer"),
              new WiringPicture.Arrow("ReceiptServer", "commit"),
              new WiringPicture.Arrow("Committer", "receipt-output"),
              new WiringPicture.Arrow("receipt-output", "ClientSync"));

      WholeServer.closeAccount(bob, "bob");

      assertThat(ephemeral(alice, room)).isEmpty();
    }
  }

  private static JsonNode ephemeral(TestClient client, String room) {
    return client
        .get("/_matrix/client/v3/sync")
        .expect(200)
        .json()
        .path("rooms")
        .path("join")
        .path(room)
        .at("/ephemeral/events");
  }
}
