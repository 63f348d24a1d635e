package org.hearth.server.services.keys;

import java.nio.file.Path;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// A whole server with two users, of whom each has a device, and what tests of devices need of
/// rooms.
abstract class TwoUsers {
  private static final String ROOMS = "/_matrix/client/v3/rooms/";

  @TempDir Path folder;
  WholeServer server;
  KeyClient alice;
  KeyClient bob;

  @BeforeEach
  void startServer() throws StartFailedException {
    server = new WholeServer(folder);
    server.start();
    alice = KeyClient.register(server, "alice");
    bob = KeyClient.register(server, "bob");
  }

  @AfterEach
  void endServer() {
    server.close();
  }

  /// Starts the server again, at which both use the tokens that they have.
  void restart() throws StartFailedException {
    server.stop();
    server.start();
    alice = alice.at(server);
    bob = bob.at(server);
  }

  /// A room of Alice's that everybody may join.
  String room() {
    return alice
        .http()
        .post("/_matrix/client/v3/createRoom", "{'preset': 'public_chat'}")
        .expect(200)
        .text("room_id");
  }

  static void join(KeyClient who, String room) {
    who.http().post(ROOMS + TestClient.encoded(room) + "/join", "{}").expect(200);
  }

  static void leave(KeyClient who, String room) {
    who.http().post(ROOMS + TestClient.encoded(room) + "/leave", "{}").expect(200);
  }
}
