package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.http.BodyMemory.Standing;
import org.hearth.server.http.peers.Peers;
import org.hearth.server.matrix.checks.FederationPolicy;
import org.hearth.server.matrix.error.MatrixException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The room for bodies of those who say that they are another server, which is known only once
/// their bodies are there.
@Timeout(300)
class ClaimedBodiesTest {
  private static final String PATH = "/_matrix/federation/v1/echo";
  private static final int MIB = 1 << 20;

  private final Peer peer = Peer.of("peer.test");

  @Test
  void likelyServersLeaveRoomForUsersAndForLoginsAndHaveRoomBesideClaims() {
    BodyMemory memory = new BodyMemory(1000, 1000, Duration.ZERO, () -> 0);
    try (BodyMemory.Taken claim = memory.of("a", "a", Standing.CLAIMED);
        BodyMemory.Taken server = memory.of("b", "b", Standing.LIKELY);
        BodyMemory.Taken another = memory.of("c", "c", Standing.LIKELY);
        BodyMemory.Taken login = memory.of("d", "d", Standing.STRANGER);
        BodyMemory.Taken user = memory.of("alice", "e", Standing.SHOWN)) {
      claim.arriving(250);
      server.arriving(250);
      assertThatThrownBy(() -> another.arriving(1)).isInstanceOf(MatrixException.class);
      login.arriving(250);
      user.arriving(250);
    }
  }

  @Test
  void strangersAndLikelyServersTogetherLeaveRoomUntilTheyAreKnown() {
    BodyMemory memory = new BodyMemory(1000, 1000, Duration.ZERO, () -> 0);
    try (BodyMemory.Taken server = memory.of("a", "a", Standing.LIKELY);
        BodyMemory.Taken another = memory.of("b", "b", Standing.LIKELY);
        BodyMemory.Taken login = memory.of("c", "c", Standing.STRANGER);
        BodyMemory.Taken later = memory.of("d", "d", Standing.STRANGER)) {
      server.arriving(250);
      another.arriving(250);
      login.arriving(250);
      assertThatThrownBy(() -> later.arriving(1)).isInstanceOf(MatrixException.class);

      server.known();
      later.arriving(250);
    }
  }

  @Test
  void claimsAreRefusedOnceTheyHaveAQuarter() throws IOException {
    assertThat(answersToUnsigned(2, false)).contains("429");
  }

  @Test
  void whatAServerThatIsKnownThereSendsIsTakenBesideThat() throws IOException {
    assertThat(answersToUnsigned(2, true)).hasSize(14).containsOnly("401");
  }

  @Test
  void addressesAtWhichAServerIsKnownAreRefusedOnceTheyHaveAHalf() throws IOException {
    assertThat(answersToUnsigned(3, true)).contains("429");
  }

  /// What is answered to seven MiB from each of some addresses, whose signature is wrong. The last
  /// bytes come when all others are there: what was refused, or ended to make room, is `429`.
  private List<String> answersToUnsigned(int addresses, boolean isKnown) throws IOException {
    List<Socket> all = new ArrayList<>();
    try (TestServer server = server()) {
      for (int i = 0; i < addresses; i++) {
        InetAddress from = InetAddress.ofLiteral("127.0.0." + (2 + i));
        if (isKnown) {
          String signature = peer.signature(peer.signed("GET", PATH, null));
          try (Socket socket = connect(server, from)) {
            write(socket, head("GET", signature) + "\r\n");
            assertThat(status(socket)).isEqualTo("200");
          }
        }
        for (int j = 0; j < 7; j++) {
          Socket socket = connect(server, from);
          all.add(socket);
          String length = "Content-Length: " + (MIB + 1) + "\r\n\r\n";
          write(socket, head("PUT", "AAAA") + length + "\"" + "x".repeat(MIB - 1));
        }
      }
      for (Socket each : all) {
        write(each, "\"");
      }
      return all.stream().map(ClaimedBodiesTest::status).toList();
    } finally {
      for (Socket each : all) {
        each.close();
      }
    }
  }

  private String head(String method, String signature) {
    return "%s %s HTTP/1.1\r\nHost: a\r\nAuthorization: %s\r\n"
        .formatted(method, PATH, peer.header(signature));
  }

  private TestServer server() {
    Peers peers =
        new Peers(
            Peer.HERE,
            FederationPolicy.open(List.of()),
            (_, _) -> Optional.of(peer.key().verifyKey()),
            _ -> {});
    return new TestServer(
        TestServer.standard(),
        peers,
        InstantSource.system(),
        routes -> {
          Handler handler = _ -> Response.field("is", "known");
          routes
              .add(HttpMethod.GET, PATH, Access.SERVER, RateClass.NONE, handler)
              .add(HttpMethod.PUT, PATH, Access.SERVER, RateClass.NONE, BodyLimit.LARGE, handler);
        });
  }

  private static Socket connect(TestServer server, InetAddress from) throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), server.port(), from, 0);
  }

  private static void write(Socket socket, String text) {
    try {
      OutputStream out = socket.getOutputStream();
      out.write(text.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException _) {
      // It is refused already, as its status says.
    }
  }

  private static String status(Socket socket) {
    try {
      String line =
          new BufferedReader(
                  new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
              .readLine();
      return line == null ? "429" : line.substring(9, 12);
    } catch (IOException _) {
      return "429";
    }
  }
}
