package org.hearth.server.services.keys;

import java.util.Arrays;
import java.util.List;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.BeforeEach;

/// A whole server with two users, of whom each has a device, and what tests of devices need of
/// rooms.
@WholeServer.Started
abstract class TwoUsers {
  /// Of messages: the first and the last.
  static final String DAMAGE_MESSAGES =
      "UPDATE device_message SET content = CAST(X'7B7B' AS BLOB)"
          + " WHERE position = (SELECT MIN(position) FROM device_message)"
          + " OR position = (SELECT MAX(position) FROM device_message)";

  private static final Table DAMAGED = new Table("damaged", "a test's", "the test");
  private static final String ROOMS = "/_matrix/client/v3/rooms/";

  WholeServer server;
  KeyClient alice;
  KeyClient bob;

  @BeforeEach
  void register(WholeServer started) {
    server = started;
    alice = KeyClient.register(server, "alice");
    bob = KeyClient.register(server, "bob");
  }

  /// Starts the server again, at which both use the tokens that they have.
  void restart() throws StartFailedException {
    server.stop();
    server.start();
    alice = alice.at(server);
    bob = bob.at(server);
  }

  /// Changes rows while the server does not run.
  void damage(String... changes) throws StartFailedException {
    server.stop();
    try (Store store = Store.open(StoreOptions.of(server.folder()))) {
      List<RowChange> rows =
          Arrays.stream(changes).map(each -> RowChange.of(DAMAGED, each, (_, _) -> {})).toList();
      var _ = store.committer().commit("test", rows, List.of());
    }
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
