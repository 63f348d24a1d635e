package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.hearth.server.admin.ActivityEntry;
import org.hearth.server.admin.Admin;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a whole server tells its owner of what happened.
class ToldActivityTest {
  @TempDir private Path folder;

  @Test
  void accountsSignInsFailuresAndTheOwnersActionsAreKeptWithWhoDidThem() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      logIn(server, "wrong").expect(403);
      logIn(server, WholeServer.PASSWORD).expect(200);
      alice.post("/_matrix/client/v3/logout", "{}").expect(200);
      Admin admin = server.homeserver().admin().orElseThrow();
      admin.createPerson("bob", WholeServer.PASSWORD, true);
      admin.setAdmin("@alice:hearth.test", true);
      admin.deactivate("@bob:hearth.test", false);
      server.stop();
      server.start();

      List<ActivityEntry> all = server.homeserver().admin().orElseThrow().activity(0, 100);

      assertThat(all)
          .extracting(ActivityEntry::text)
          .startsWith(
              "The server started.",
              "The account @alice:hearth.test was made.",
              "A wrong password for @alice:hearth.test.",
              "@alice:hearth.test signed in.",
              "@alice:hearth.test signed out.",
              "The account @bob:hearth.test was made.",
              "@alice:hearth.test became an owner.",
              "The account @bob:hearth.test was closed for good.",
              "The server was stopped.");
      assertThat(all.get(2).trouble()).isTrue();
      assertThat(all.get(2).by()).startsWith("127.0.0.1");
      assertThat(all.get(5).by()).isEqualTo("panel or command line");
    }
  }

  @Test
  void ofARegistrationTokenOnlyTheBeginningIsKept() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      Admin admin = server.homeserver().admin().orElseThrow();
      admin.createToken(Optional.of("garden-party-2026"), OptionalInt.empty(), Optional.empty());
      admin.createToken(Optional.of("abcdef"), OptionalInt.empty(), Optional.empty());
      admin.endToken("garden-party-2026");
      server.stop();
      server.start();

      assertThat(server.homeserver().admin().orElseThrow().activity(0, 100))
          .extracting(ActivityEntry::text)
          .contains(
              "The registration token gard… was made.",
              "The registration token ab… was made.",
              "The registration token gard… was withdrawn.");
    }
  }

  private static TestClient.Answer logIn(WholeServer server, String password) {
    return server
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'user': 'alice', 'password': '%s'}".formatted(password));
  }
}
