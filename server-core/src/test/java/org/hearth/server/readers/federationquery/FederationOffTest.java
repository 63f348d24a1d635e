package org.hearth.server.readers.federationquery;

import java.nio.file.Path;
import java.util.List;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.http.Peer;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server whose owner lets it talk with no other.
@Tag("long")
final class FederationOffTest {
  @TempDir private Path folder;

  /// What other servers would ask is not there, but for its version, and who shows an OpenID token,
  /// which no server need sign.
  @Test
  void aServerThatTalksWithNoneHasNothingForOthers() throws StartFailedException {
    try (WholeServer server = new WholeServer(folder, "federation: { mode: off }\n")) {
      server.start();
      TestClient peer = server.client().as(Peer.of("peer.test"));

      for (String each :
          List.of(
              "event/x",
              "state/x",
              "state_ids/x",
              "event_auth/x/x",
              "backfill/x",
              "timestamp_to_event/x",
              "query/directory",
              "query/profile",
              "publicRooms",
              "user/devices/x",
              "what-there-never-was")) {
        peer.get("/_matrix/federation/v1/" + each).expect(404, "M_UNRECOGNIZED");
      }
      for (String each :
          List.of("get_missing_events/x", "publicRooms", "user/keys/query", "user/keys/claim")) {
        peer.post("/_matrix/federation/v1/" + each, "{}").expect(404, "M_UNRECOGNIZED");
      }
      peer.get("/_matrix/federation/v1/version").expect(200);
      peer.get("/_matrix/federation/v1/openid/userinfo").expect(401, "M_MISSING_TOKEN");
      peer.get("/.well-known/matrix/server").expect(404);
    }
  }
}
