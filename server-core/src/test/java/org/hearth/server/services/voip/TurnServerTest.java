package org.hearth.server.services.voip;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What clients are told of TURN servers.
@Tag("long")
class TurnServerTest {
  private static final String PATH = "/_matrix/client/v3/voip/turnServer";

  @TempDir private Path folder;

  private TestClient.Answer ask(String settings) throws StartFailedException {
    try (WholeServer server = new WholeServer(folder, settings)) {
      server.start();
      return server.register("alice").get(PATH).expect(200);
    }
  }

  /// As TURN servers check it: a password of the name, which is good until the time in the name.
  @Test
  void credentialsAreMadeOfTheSharedSecret() throws Exception {
    long before = Instant.now().getEpochSecond();

    TestClient.Answer answer =
        ask(
            "turn: { uris: [ 'turn:turn.test?transport=udp', 'turns:turn.test' ],"
                + " shared-secret: n0t known, lifetime-seconds: 3600 }\n");

    assertThat(answer.at("/uris").toString())
        .isEqualTo("[\"turn:turn.test?transport=udp\",\"turns:turn.test\"]");
    assertThat(answer.at("/ttl").asInt()).isEqualTo(3600);
    String[] name = answer.text("username").split(":", 2);
    assertThat(Long.parseLong(name[0]))
        .isBetween(before + 3600, Instant.now().getEpochSecond() + 3600);
    assertThat(name[1]).isEqualTo("@alice:hearth.test");
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec("n0t known".getBytes(UTF_8), "HmacSHA1"));
    assertThat(Base64.getDecoder().decode(answer.text("password")))
        .isEqualTo(mac.doFinal(answer.text("username").getBytes(UTF_8)));
  }

  @Test
  void orAreTheSameForAll() throws Exception {
    TestClient.Answer answer =
        ask("turn: { uris: [ 'turn:turn.test' ], username: all, password: of them }\n");

    assertThat(answer.text("username")).isEqualTo("all");
    assertThat(answer.text("password")).isEqualTo("of them");
    assertThat(answer.at("/ttl").asInt()).isEqualTo(86_400);
  }
}
