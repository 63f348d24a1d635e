package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.Homeserver;
import org.hearth.server.ServerState;
import org.hearth.server.StartFailedException;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.DamagedPage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// `hearth token`, on a server that runs and on one that does not.
final class TokenCommandsTest extends TypedCommands {
  private static final String REGISTRATION =
      "{'username': '%s', 'password': 'long enough', 'auth': {'type': 'm.login.registration_token', 'token': '%s'}}";

  @BeforeEach
  void write() throws IOException {
    configure("registration: { mode: token }\n");
  }

  private int token(String... words) {
    List<String> arguments = new ArrayList<>(List.of("token"));
    arguments.addAll(List.of(words));
    return hearth(arguments.toArray(String[]::new));
  }

  @Test
  void tokenOfTheRunningServerIsGoodForAsManyAccountsAsItSaysUntilItIsEnded()
      throws StartFailedException {
    try (Homeserver server = server()) {
      server.start();
      ServerState.Running running = (ServerState.Running) server.state();
      TestClient client = TestClient.of(URI.create(running.addresses().getFirst()));

      assertThat(token("create", "family", "--uses", "2", "--expires", "7d")).isZero();
      assertThat(said()).contains("family").contains("0 of 2 uses taken, until 2");
      client
          .post("/_matrix/client/v3/register", REGISTRATION.formatted("alice", "family"))
          .expect(200);
      assertThat(token("list")).isZero();
      assertThat(said()).contains("1 of 2 uses taken");

      assertThat(token("end", "family")).isZero();
      client
          .post("/_matrix/client/v3/register", REGISTRATION.formatted("bob", "family"))
          .expect(401, "M_FORBIDDEN");
      assertThat(token("list")).isZero();
      assertThat(said()).contains("There are no tokens.");
    }
  }

  /// What Derby says of the page is for the log.
  @Test
  void whoMeetsADamagedPageIsToldWhatToDo() throws IOException, StartFailedException {
    String sentence =
        "hearth: The database in %s is damaged. Check the disk, then restore the newest backup into an empty folder (hearth restore). hearth check --database tells more.\n"
            .formatted(folder);
    assertThat(token("create", "onlyInTheTableOfTokens")).isZero();
    DamagedPage.make(folder, "onlyInTheTableOfTokens");

    assertThat(token("list")).isEqualTo(1);
    assertThat(said()).isEqualTo(sentence);

    try (Homeserver server = server()) {
      server.start();

      assertThat(token("list")).isEqualTo(1);
      assertThat(said()).isEqualTo(sentence);
      assertThat(token("list")).isEqualTo(1);
      assertThat(said()).isEqualTo(sentence);
    }
  }

  @Test
  void tokenIsMadeWhileTheServerIsStopped() {
    assertThat(token("create")).isZero();
    assertThat(said()).contains("0 of 1 uses taken, never expires");
    assertThat(token("create", "open-house", "--uses", "any")).isZero();
    assertThat(said()).contains("used 0 times, without a limit");
  }

  @Test
  void tokenThatLetsNobodyInIsSaidToBeOfNoUse() throws IOException {
    assertThat(token("create")).isZero();
    assertThat(said()).doesNotContain("No account");

    configure("");
    assertThat(token("create")).isZero();
    assertThat(said()).contains("No account can be made with it", "registration.mode");
  }

  @Test
  void whatCannotBeIsRefusedInASentence() {
    assertThat(token("create", "no such text")).isEqualTo(1);
    assertThat(said()).startsWith("hearth: ").doesNotContain("\tat ");
    assertThat(token("create", "--uses", "0")).isEqualTo(1);
    assertThat(said()).isEqualTo("hearth: --uses is a number from 1, or any; not 0.\n");
    assertThat(token("create", "--expires", "tomorrow")).isEqualTo(1);
    assertThat(said()).contains("such as 7d; not tomorrow.");
    assertThat(token("end", "nothing")).isEqualTo(1);
    assertThat(said()).isEqualTo("hearth: There is no registration token nothing.\n");
  }
}
