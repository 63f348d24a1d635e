package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What of a user's own data the call from before `/sync` tells.
@Tag("long")
class InitialSyncDataTest {
  @Test
  void theUsersOwnIsToldAndTheServersPushRulesAreNot(@TempDir Path folder) throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      alice
          .put("/_matrix/client/v3/user/@alice:hearth.test/account_data/org.test", "{'x': 1}")
          .expect(200);

      JsonNode initial = alice.get("/_matrix/client/v3/initialSync").expect(200).json();
      JsonNode synced = alice.get("/_matrix/client/v3/sync").expect(200).json();

      assertThat(initial.path("account_data").findValuesAsText("type")).containsExactly("org.test");
      assertThat(synced.at("/account_data/events").findValuesAsText("type"))
          .contains("m.push_rules", "org.test");
    }
  }
}
