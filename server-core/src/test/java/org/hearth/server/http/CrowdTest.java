package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.hearth.server.http.connection.ConnectionFigures;
import org.hearth.server.http.connection.ConnectionLimits;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Many connections from one address leave room for everybody else.
class CrowdTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final ConnectionLimits LIMITS =
      new ConnectionLimits(40, 20, 16, 8, LONG, LONG, 64);

  private final CountDownLatch entered = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  private TestServer server(ConnectionLimits limits, Set<InetAddress> proxies) {
    HttpOptions options = TestServer.standard().with(HttpLimits.standard().with(limits));
    return new TestServer(
        new HttpOptions(options.listeners(), options.limits(), RateLimits.off(), false, proxies),
        routes ->
            routes
                .add(HttpMethod.GET, "/open", Access.NONE, RateClass.NONE, _ -> Response.empty())
                .add(HttpMethod.GET, "/mine", Access.USER, RateClass.NONE, _ -> Response.empty())
                .add(
                    HttpMethod.GET,
                    "/wait",
                    Access.NONE,
                    RateClass.NONE,
                    _ -> {
                      entered.countDown();
                      boolean inTime = released.await(LONG.toSeconds(), TimeUnit.SECONDS);
                      return Response.field("released", inTime ? "yes" : "no");
                    }));
  }

  /// Connections of one address, with half a request line on each.
  private static List<Socket> crowd(TestServer server, String address, int size)
      throws IOException {
    List<Socket> all = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      Socket socket = new Socket();
      socket.bind(new InetSocketAddress(address, 0));
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
      socket.getOutputStream().write("GET /o".getBytes(StandardCharsets.US_ASCII));
      all.add(socket);
    }
    return all;
  }

  private static void close(List<Socket> all) throws IOException {
    for (Socket each : all) {
      each.close();
    }
  }

  private static void await(BooleanSupplier condition) {
    long until = System.nanoTime() + LONG.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(until);
      Thread.onSpinWait();
    }
  }

  private static ConnectionFigures connections(TestServer server) {
    return server.server().figures().connections();
  }

  private static int statusOf(TestServer server, String target, String... headers) {
    try (RawClient raw = server.raw()) {
      return raw.request("GET", target, headers).answer().status();
    }
  }

  @Test
  void strangersOfOneAddressKeepNobodyElseOut() throws IOException {
    try (TestServer server = server(LIMITS, Set.of())) {
      List<Socket> crowd = crowd(server, "127.0.0.2", 100);
      await(() -> connections(server).closedForOthers() == 92);

      await(() -> connections(server).open() == 8);
      for (int i = 0; i < 50; i++) {
        assertThat(statusOf(server, "/open")).isEqualTo(200);
      }
      close(crowd);
    }
  }

  @Tag("long")
  @Test
  void oneMoreStrangerTakesThePlaceOfTheFirst() throws IOException {
    try (TestServer server = server(LIMITS, Set.of())) {
      List<Socket> crowd = crowd(server, "127.0.0.1", 8);

      // As soon as those of the crowd are no longer young.
      await(() -> statusOf(server, "/open") == 200);

      assertThat(crowd.getFirst().getInputStream().read()).isEqualTo(-1);
      close(crowd);
    }
  }

  /// Also within its first second: who comes again and again without waiting keeps himself out
  /// else.
  @Test
  void whoHasHadAnAnswerMakesRoomHoweverYoungHeIs() {
    try (TestServer server = server(LIMITS, Set.of())) {
      List<RawClient> all = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        RawClient raw = server.raw();
        all.add(raw);
        assertThat(raw.request("GET", "/open").answer().status()).isEqualTo(200);
      }

      assertThat(all.getFirst().isClosed()).isTrue();
      all.forEach(RawClient::close);
    }
  }

  @Test
  void strangersOfManyAddressesHaveABoundToo() throws IOException {
    try (TestServer server = server(LIMITS, Set.of())) {
      List<Socket> crowd = new ArrayList<>();
      for (int i = 2; i < 12; i++) {
        crowd.addAll(crowd(server, "127.0.0." + i, 4));
      }
      await(() -> connections(server).closedForOthers() == 24);

      await(() -> connections(server).open() <= 16);
      assertThat(statusOf(server, "/open")).isEqualTo(200);
      close(crowd);
    }
  }

  @Tag("long")
  @Test
  void whoHasAuthenticatedOrIsServedDoesNotHaveToGo() throws Exception {
    try (TestServer server = server(LIMITS, Set.of());
        RawClient known = server.raw();
        RawClient served = server.raw()) {
      known.request("GET", "/mine", "Authorization: Bearer alice");
      assertThat(known.answer().status()).isEqualTo(200);
      served.request("GET", "/wait");
      assertThat(entered.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();

      List<Socket> crowd = crowd(server, "127.0.0.1", 100);
      await(() -> connections(server).closedForOthers() == 93);

      known.request("GET", "/mine", "Authorization: Bearer alice");
      assertThat(known.answer().status()).isEqualTo(200);
      released.countDown();
      assertThat(served.answer().body()).isEqualTo("{\"released\":\"yes\"}");
      close(crowd);
    }
  }

  @Test
  void alsoWhoHasAuthenticatedHasABoundOfConnections() {
    try (TestServer server = server(LIMITS, Set.of())) {
      List<RawClient> all = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        RawClient raw = server.raw();
        raw.request("GET", "/mine", "Authorization: Bearer alice");
        assertThat(raw.answer().status()).isEqualTo(200);
        all.add(raw);
      }
      try (RawClient oneMore = server.raw()) {
        assertThat(oneMore.isClosed()).isTrue();
      }
      all.forEach(RawClient::close);
      await(() -> connections(server).open() == 0);
      assertThat(statusOf(server, "/mine", "Authorization: Bearer alice")).isEqualTo(200);
    }
  }

  @Test
  void theConnectionsOfATrustedProxyAreManyPeoples() throws IOException {
    try (TestServer server = server(LIMITS, Set.of(InetAddress.ofLiteral("127.0.0.2")))) {
      List<Socket> crowd = crowd(server, "127.0.0.2", 30);
      await(() -> connections(server).open() == 30);

      assertThat(connections(server).closedForOthers()).isZero();
      close(crowd);
    }
  }

  @Tag("long")
  @Test
  void aRequestLineHasADeadlineFromConnectingOn() throws IOException {
    ConnectionLimits hasty = new ConnectionLimits(40, 20, 16, 8, LONG, Duration.ofSeconds(3), 64);
    try (TestServer server = server(hasty, Set.of());
        RawClient silent = server.raw();
        RawClient before = server.raw()) {
      List<Socket> dripping = crowd(server, "127.0.0.1", 1);
      assertThat(before.request("GET", "/open").answer().status()).isEqualTo(200);

      assertThat(silent.isClosed()).isTrue();
      assertThat(dripping.getFirst().getInputStream().read()).isEqualTo(-1);
      // A connection that was used before may be idle for longer, but then its time runs, too.
      assertThat(before.send("GET").isClosed()).isTrue();
      close(dripping);
    }
  }
}
