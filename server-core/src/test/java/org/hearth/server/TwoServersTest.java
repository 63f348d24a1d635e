package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.hearth.server.box.Time;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.FreePort;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.LinkedHearth;
import org.hearth.server.outbound.TestAuthority;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two servers that find each other, check each other's certificates, and know each other's
/// requests by the keys that they fetch from each other.
@Timeout(120)
@Tag("long")
class TwoServersTest {
  private static final String NOBODY = "/_matrix/federation/v1/query/profile?user_id=%40nobody%3A";

  @TempDir private Path folder;
  private Server one;
  private Server other;
  private volatile Duration passed = Duration.ZERO;

  /// A server `localhost:PORT` on its own TLS listener.
  private static final class Server implements AutoCloseable {
    private final ServerName name;
    private final Composition composition;

    Server(Path folder, TestAuthority authority, InstantSource clock) throws IOException {
      int port = FreePort.find();
      name = ServerName.parse("localhost:" + port);
      DataFolder data = new DataFolder(folder.resolve("data"));
      WholeServer.prepare(data);
      composition =
          Composition.open(
              data,
              LinkedHearth.configuration(folder, authority, port, ""),
              Time.of(clock),
              new SecureRandom(),
              () -> {},
              _ -> {},
              _ -> {});
      composition.listen(data, Optional.empty());
    }

    FederationReply ask(Server server) throws InterruptedException {
      FederationClient client =
          composition.boxes().all().stream()
              .filter(FederationClient.class::isInstance)
              .map(FederationClient.class::cast)
              .findAny()
              .orElseThrow();
      return client.send(FederationRequest.get(server.name, NOBODY + server.name));
    }

    @Override
    public void close() {
      composition.close(Duration.ofSeconds(1), new IllegalStateException("it could not be closed"));
    }
  }

  @BeforeEach
  void start() throws IOException {
    TestAuthority authority = new TestAuthority();
    InstantSource clock = () -> Instant.now().plus(passed);
    one = new Server(folder.resolve("one"), authority, clock);
    other = new Server(folder.resolve("other"), authority, clock);
  }

  @AfterEach
  void stop() {
    one.close();
    other.close();
  }

  @Test
  void aRequestIsKnownByTheKeyThatIsFetchedFromWhoSentIt() throws Exception {
    assertKnown(one.ask(other));
    assertKnown(other.ask(one));
  }

  /// Who is not known is answered 401, before anything is looked up.
  private static void assertKnown(FederationReply reply) {
    assertThat(reply)
        .isInstanceOfSatisfying(
            FederationReply.Refused.class,
            each -> {
              assertThat(each.status()).as(each.words()).isEqualTo(404);
              assertThat(each.errcode()).isEqualTo("M_NOT_FOUND");
            });
  }

  @Test
  void aKeyThatHasChangedIsFetchedAgain() throws Exception {
    assertKnown(one.ask(other));

    var _ = one.composition.admin().signingKeys().rotate();
    // Nobody is asked for keys twice in a moment.
    passed = Duration.ofMinutes(1);

    assertKnown(one.ask(other));
  }
}
