package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.http.connection.PortInUseException;
import org.hearth.server.http.connection.StopSignal;
import org.junit.jupiter.api.Test;

class LifecycleTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  /// A route that waits as `/sync` does: until something comes, or the server is about to stop.
  private static final class Waiting implements RouteGroup {
    private final CountDownLatch entered;
    private final CountDownLatch released = new CountDownLatch(1);

    Waiting(int callers) {
      entered = new CountDownLatch(callers);
    }

    @Override
    public void register(Routes routes) {
      routes.add(
          HttpMethod.GET,
          "/wait",
          Access.NONE,
          RateClass.NONE,
          request -> {
            try (var _ = request.stopping().whenRaised(released::countDown)) {
              entered.countDown();
              boolean woken = released.await(LONG.toSeconds(), TimeUnit.SECONDS);
              return Response.field("woken", woken ? "yes" : "no");
            }
          });
      // Does not look at the signal.
      routes.add(
          HttpMethod.GET,
          "/stubborn",
          Access.NONE,
          RateClass.NONE,
          _ -> {
            entered.countDown();
            boolean woken = released.await(LONG.toSeconds(), TimeUnit.SECONDS);
            return Response.field("woken", woken ? "yes" : "no");
          });
    }

    void awaitAllEntered() throws InterruptedException {
      assertThat(entered.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void servesTheSameOnSeveralListeners() {
    HttpOptions options =
        HttpOptions.standard(
            List.of(Listener.loopback(0), Listener.loopback(0), Listener.loopback(0)));
    try (TestServer server =
        new TestServer(options, new DiscoveryRoutes(DiscoveryRoutes.Whereabouts.unknown(), "1"))) {
      List<InetSocketAddress> addresses = server.server().addresses();

      assertThat(addresses).hasSize(3).doesNotHaveDuplicates();
      for (InetSocketAddress each : addresses) {
        try (RawClient raw = new RawClient(each.getPort())) {
          assertThat(raw.request("GET", "/_matrix/client/versions").answer().status())
              .isEqualTo(200);
        }
      }
    }
  }

  @Test
  void listensOnlyWhereItIsTold() throws IOException {
    try (TestServer server = new TestServer(_ -> {})) {
      InetAddress other = InetAddress.getByAddress(new byte[] {127, 0, 0, 2});
      try (Socket socket = new Socket()) {
        assertThatThrownBy(() ->
                socket.connect(new InetSocketAddress(other, server.port()), (int) LONG.toMillis()))
            .isInstanceOf(ConnectException.class);
      }
    }
  }

  @Test
  void letsRequestsEndAndTellsThoseWhoWait() throws Exception {
    Waiting waiting = new Waiting(20);
    TestServer server = new TestServer(waiting);
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      clients.add(server.raw().request("GET", "/wait"));
    }
    waiting.awaitAllEntered();
    assertThat(server.server().figures().inFlight()).isEqualTo(20);

    server.server().stop(LONG);

    for (RawClient each : clients) {
      var answer = each.answer();
      assertThat(answer.body()).isEqualTo("{\"woken\":\"yes\"}");
      assertThat(answer.header("Connection")).isEqualToIgnoringCase("close");
      assertThat(each.isClosed()).isTrue();
      each.close();
    }
    assertThat(server.server().figures().inFlight()).isZero();
    assertThatThrownBy(server::raw).hasRootCauseInstanceOf(ConnectException.class);
  }

  @Test
  void tellsThoseWhoWaitForAClientThatIsGone() throws Exception {
    Waiting waiting = new Waiting(1);
    try (TestServer server = new TestServer(waiting)) {
      RawClient client = server.raw().request("GET", "/wait");
      waiting.awaitAllEntered();

      client.close();

      assertThat(waiting.released.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void tellsThemAlsoIfItHadBegunItsNextRequest() throws Exception {
    Waiting waiting = new Waiting(1);
    try (TestServer server = new TestServer(waiting)) {
      RawClient client = server.raw().request("GET", "/wait");
      waiting.awaitAllEntered();

      client.send("G").close();

      assertThat(waiting.released.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aClientThatSendsALargeNextRequestWhileItWaitsIsAnswered() throws Exception {
    Waiting waiting = new Waiting(1);
    try (TestServer server = new TestServer(waiting);
        RawClient client = server.raw().request("GET", "/wait")) {
      waiting.awaitAllEntered();

      client.send("POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
      client.send("x".repeat(100_000));
      waiting.released.countDown();

      assertThat(client.answer().body()).isEqualTo("{\"woken\":\"yes\"}");
      assertThat(client.answer().status()).isEqualTo(404);
    }
  }

  @Test
  void aClientThatSendsItsNextRequestInPiecesWhileItWaitsIsAnswered() throws Exception {
    Waiting waiting = new Waiting(2);
    try (TestServer server = new TestServer(waiting);
        RawClient client = server.raw().request("GET", "/wait").send("GET /wa")) {
      client.send("it HTTP/1.1\r\n");
      waiting.released.countDown();
      assertThat(client.answer().body()).isEqualTo("{\"woken\":\"yes\"}");

      client.send("Host: localhost\r\n\r\nGET /no");
      assertThat(client.answer().body()).isEqualTo("{\"woken\":\"yes\"}");
      waiting.awaitAllEntered();

      assertThat(client.send("thing HTTP/1.1\r\nHost: localhost\r\n\r\n").answer().status())
          .isEqualTo(404);
    }
  }

  @Test
  void aClientThatSendsItsNextRequestWhileItWaitsIsNotGone() throws Exception {
    Waiting waiting = new Waiting(1);
    try (TestServer server = new TestServer(waiting);
        RawClient client = server.raw().request("GET", "/wait").request("GET", "/nothing")) {
      waiting.awaitAllEntered();

      waiting.released.countDown();

      assertThat(client.answer().body()).isEqualTo("{\"woken\":\"yes\"}");
      assertThat(client.answer().status()).isEqualTo(404);
    }
  }

  @Test
  void interruptsWhoDoesNotEndWithinTheGrace() throws Exception {
    Waiting waiting = new Waiting(1);
    TestServer server = new TestServer(waiting);
    try (RawClient client = server.raw().request("GET", "/stubborn")) {
      waiting.awaitAllEntered();
      long before = System.nanoTime();

      server.server().stop(Duration.ofMillis(100));

      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(LONG.dividedBy(2));
      assertThat(client.answer().status()).isIn(0, 503);
    }
  }

  @Test
  void refusesNewRequestsWhileItIsStopping() throws Exception {
    Waiting waiting = new Waiting(1);
    TestServer server = new TestServer(waiting);
    CountDownLatch stopping = new CountDownLatch(1);
    try (RawClient stubborn = server.raw().request("GET", "/stubborn");
        RawClient idle = server.raw().request("GET", "/nothing")) {
      waiting.awaitAllEntered();
      assertThat(idle.answer().status()).isEqualTo(404);
      server.server().stopping().whenRaised(stopping::countDown);
      Thread stopper = Thread.ofVirtual().start(() -> server.server().stop(LONG));
      assertThat(stopping.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();

      var answer = idle.request("GET", "/wait").answer();

      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.header("Retry-After")).isEqualTo("1");
      assertThat(answer.header("Connection")).isEqualToIgnoringCase("close");
      // The server cannot be gone before: it waits for the one that is stubborn.
      waiting.released.countDown();
      assertThat(stopper.join(LONG)).isTrue();
      assertThat(stubborn.answer().body()).isEqualTo("{\"woken\":\"yes\"}");
    }
  }

  @Test
  void manyWaitAtTheSameTimeOnFewThreads() throws Exception {
    int callers = 1000;
    Waiting waiting = new Waiting(callers);
    TestServer server = new TestServer(waiting);
    List<RawClient> clients = new ArrayList<>();
    // Threads of other servers of this process, which other tests started, do not count.
    int threadsBefore = Thread.getAllStackTraces().size();
    try {
      for (int i = 0; i < callers; i++) {
        clients.add(server.raw().request("GET", "/wait"));
      }
      waiting.awaitAllEntered();

      assertThat(server.server().figures().inFlight()).isEqualTo(callers);
      assertThat(Thread.getAllStackTraces().size() - threadsBefore).isLessThan(100);

      waiting.released.countDown();
      for (RawClient each : clients) {
        assertThat(each.answer().body()).isEqualTo("{\"woken\":\"yes\"}");
      }
    } finally {
      clients.forEach(RawClient::close);
      server.close();
    }
  }

  @Test
  void namesThePortThatIsInUseAndItsHolder() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = other.getLocalPort();
      HttpOptions options = HttpOptions.standard(List.of(Listener.loopback(port)));

      assertThatThrownBy(() -> new TestServer(options, _ -> {}))
          .isInstanceOfSatisfying(
              PortInUseException.class,
              e -> {
                assertThat(e).hasMessageContaining("port " + port + " on 127.0.0.1 is in use");
                assertThat(e.address().getPort()).isEqualTo(port);
                if (java.nio.file.Files.exists(java.nio.file.Path.of("/proc/net/tcp"))) {
                  assertThat(e.holder().orElseThrow().processId())
                      .isEqualTo(ProcessHandle.current().pid());
                  assertThat(e).hasMessageContaining("by java (process");
                }
              });
    }
  }

  @Test
  void closesTheListenersThatWereOpenWhenOneCannotBe() throws IOException {
    int first = FreePort.find();
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      HttpOptions options =
          HttpOptions.standard(
              List.of(Listener.loopback(first), Listener.loopback(other.getLocalPort())));

      assertThatThrownBy(() -> new TestServer(options, _ -> {}))
          .isInstanceOf(PortInUseException.class);

      assertThatThrownBy(() -> new RawClient(first)).hasRootCauseInstanceOf(ConnectException.class);
    }
  }

  @Test
  void saysWhyAnAddressCannotBeListenedOn() throws IOException {
    InetAddress foreign = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
    Listener listener = new Listener(foreign, 0, Optional.empty());

    assertThatThrownBy(() -> new TestServer(HttpOptions.standard(List.of(listener)), _ -> {}))
        .isInstanceOf(java.io.UncheckedIOException.class)
        .hasMessageContaining("192.0.2.1");
  }

  @Test
  void countsWhatItDid() {
    try (TestServer server =
        new TestServer(routes ->
            routes
                .add(HttpMethod.GET, "/a/{b}", Access.NONE, RateClass.NONE, _ -> Response.empty())
                .add(
                    HttpMethod.GET,
                    "/bad",
                    Access.NONE,
                    RateClass.NONE,
                    _ -> {
                      throw new IllegalStateException("on purpose");
                    }))) {
      server.client().get("/a/1").expect(200);
      server.client().get("/a/2").expect(200);
      server.client().get("/bad").expect(500);
      server.client().get("/nowhere").expect(404);

      // An answer is on its way to the client a moment before it is counted.
      HttpFigures figures = server.server().figures();
      long deadline = System.nanoTime() + LONG.toNanos();
      while (figures.requests() < 4 && System.nanoTime() < deadline) {
        Thread.onSpinWait();
        figures = server.server().figures();
      }

      assertThat(figures.requests()).isEqualTo(4);
      assertThat(figures.serverErrors()).isEqualTo(1);
      assertThat(figures.routes())
          .extracting(
              HttpFigures.RouteFigures::route,
              HttpFigures.RouteFigures::requests,
              HttpFigures.RouteFigures::errors)
          .containsExactlyInAnyOrder(
              org.assertj.core.groups.Tuple.tuple("GET /a/{b}", 2L, 0L),
              org.assertj.core.groups.Tuple.tuple("GET /bad", 1L, 1L));
    }
  }

  @Test
  void aSignalThatIsRaisedRunsWhatComesLaterAtOnce() {
    StopSignal signal = new StopSignal();
    CountDownLatch before = new CountDownLatch(1);
    CountDownLatch after = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    signal.whenRaised(before::countDown);
    signal.whenRaised(closed::countDown).close();

    signal.raise();
    signal.whenRaised(after::countDown);

    assertThat(List.of(before.getCount(), after.getCount(), closed.getCount()))
        .containsExactly(0L, 0L, 1L);
    assertThat(Set.of(signal.isRaised())).containsExactly(true);
  }
}
