package org.hearth.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.configuration.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
@Tag("long")
class OutboundTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final Resolver TO_LOOPBACK = _ -> List.of(LOOPBACK);
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(300);

  private static Outbound open(Resolver resolver, int perDestination) throws Exception {
    return Outbound.start(
        new OutboundOptions(
            OutboundOptions.PRIVATE_NETWORKS,
            List.of(Network.parse("127.0.0.1/32")),
            Set.of(),
            List.of(),
            perDestination,
            16),
        resolver,
        InstantSource.system());
  }

  private static Outbound open() throws Exception {
    return open(TO_LOOPBACK, 8);
  }

  private static OutboundRequest get(ScriptedPeer peer, String host) {
    return get("http://" + host + ":" + peer.port() + "/a?b=%20c");
  }

  private static OutboundRequest get(String address) {
    return OutboundRequest.get(URI.create(address))
        .withPlainAllowed()
        .withLimits(new Limits(LONG, LONG, LONG, LONG, 4_096, 10_000));
  }

  private static OutboundRequest answerWithin(OutboundRequest request, Duration limit) {
    return request.withLimits(new Limits(LONG, LONG, limit, LONG, 4_096, 10_000));
  }

  private static OutboundRequest allWithin(OutboundRequest request, Duration limit) {
    return request.withLimits(new Limits(LONG, LONG, LONG, limit, 4_096, 10_000));
  }

  @Test
  void answersAreReadAndConnectionsUsedAgain() throws Exception {
    try (ScriptedPeer peer = ScriptedPeer.saying(OK);
        Outbound outbound = open()) {
      for (int i = 0; i < 3; i++) {
        assertThat(outbound.send(get(peer, "peer.example")))
            .isInstanceOfSatisfying(
                Response.class,
                each -> {
                  assertThat(each.status()).isEqualTo(200);
                  assertThat(each.body()).asString(StandardCharsets.US_ASCII).isEqualTo("ok");
                  assertThat(each.address()).isEqualTo(LOOPBACK);
                });
      }

      assertThat(peer.connections()).isEqualTo(1);
      assertThat(peer.heads().getFirst())
          .startsWith("GET /a?b=%20c HTTP/1.1\r\nHost: peer.example:" + peer.port() + "\r\n");
      assertThat(outbound.figures())
          .singleElement()
          .satisfies(each -> {
            assertThat(each.requests()).isEqualTo(3);
            assertThat(each.failures()).isZero();
          });
    }
  }

  @Test
  void noStrangerLeadsToAHostThatTheOwnerAllows() throws Exception {
    OutboundOptions options =
        new OutboundOptions(
            OutboundOptions.PRIVATE_NETWORKS, List.of(), Set.of("peer.example"), List.of(), 8, 16);
    try (ScriptedPeer peer = ScriptedPeer.saying(OK);
        Outbound outbound = Outbound.start(options, TO_LOOPBACK, InstantSource.system())) {
      OutboundRequest request = get(peer, "peer.example");
      assertThat(outbound.send(request)).isInstanceOf(Response.class);

      // Not even by the connection that is kept.
      assertThat(outbound.send(request.ofStranger(true)))
          .isInstanceOf(Failure.AddressBlocked.class);

      assertThat(peer.heads()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "10.0.0.1"})
  void privateAddressesAreBlockedByDefault(String host) throws Exception {
    try (ScriptedPeer peer = ScriptedPeer.saying(OK);
        Outbound outbound =
            Outbound.start(OutboundOptions.defaults(), TO_LOOPBACK, InstantSource.system())) {
      assertThat(outbound.send(get(peer, host))).isInstanceOf(Failure.AddressBlocked.class);
      assertThat(outbound.send(get(peer, "peer.example")))
          .isInstanceOf(Failure.AddressBlocked.class);

      assertThat(peer.connections()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2130706433",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "127.0.0.1.",
        "017700000001",
        "256.0.0.1",
        "1.2.3.4.5",
        "a.0x7f",
        "[fe80::1%251]"
      })
  void otherSpellingsOfAddressesAreNoHosts(String host) throws Exception {
    try (Outbound outbound = open()) {
      Outcome outcome;
      try {
        outcome = outbound.send(get("http://" + host + "/"));
      } catch (IllegalArgumentException _) {
        // It is no URI with a host, which is as good.
        return;
      }

      assertThat(outcome).isInstanceOf(Failure.InvalidHost.class);
    }
  }

  @Test
  void aNameIsResolvedOnceForAConnection() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    Resolver rebinding =
        _ ->
            List.of(
                asked.getAndIncrement() == 0 ? LOOPBACK : InetAddress.ofLiteral("169.254.169.254"));
    try (ScriptedPeer peer =
            ScriptedPeer.saying(
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Outbound outbound = open(rebinding, 8)) {
      assertThat(outbound.send(get(peer, "peer.example"))).isInstanceOf(Response.class);
      assertThat(asked).hasValue(1);

      assertThat(outbound.send(get(peer, "peer.example")))
          .isInstanceOf(Failure.AddressBlocked.class);
      assertThat(peer.connections()).isEqualTo(1);
    }
  }

  @Test
  void oneBlockedAddressRefusesTheName() throws Exception {
    try (ScriptedPeer peer = ScriptedPeer.saying(OK);
        Outbound outbound = open(_ -> List.of(LOOPBACK, InetAddress.ofLiteral("10.0.0.1")), 8)) {
      assertThat(outbound.send(get(peer, "peer.example")))
          .isEqualTo(new Failure.AddressBlocked("peer.example", InetAddress.ofLiteral("10.0.0.1")));
      assertThat(peer.connections()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://peer.example/",
        "https://10.0.0.1/",
        "https://[fc00::1]/",
        "https://2130706433/"
      })
  void whatTheAddressItselfForbidsIsKnownWithoutSending(String address) throws Exception {
    try (Outbound outbound = open(_ -> fail("nobody is looked up"), 8)) {
      assertThat(outbound.refusal(OutboundRequest.get(URI.create(address)))).isPresent();
      assertThat(outbound.refusal(OutboundRequest.get(URI.create("https://peer.example/"))))
          .isEmpty();
      assertThat(outbound.refusal(OutboundRequest.get(URI.create("https://93.184.216.34/"))))
          .isEmpty();
    }
  }

  @Test
  void hostsThatTheOwnerNamedAreReachedWhereverTheyAre() throws Exception {
    OutboundOptions options =
        OutboundOptions.of(
            new Configuration.Outbound(
                Configuration.Outbound.PRIVATE_NETWORKS,
                List.of("NTFY.home", "127.0.0.1"),
                List.of()));
    try (ScriptedPeer peer = ScriptedPeer.saying(OK);
        Outbound outbound = Outbound.start(options, TO_LOOPBACK, InstantSource.system())) {
      assertThat(outbound.isAllowed(URI.create("http://ntfy.home/"))).isTrue();
      assertThat(outbound.isAllowed(URI.create("http://127.0.0.1/"))).isTrue();
      assertThat(outbound.isAllowed(URI.create("http://ntfy.home.example/"))).isFalse();
      assertThat(outbound.refusal(get(peer, "127.0.0.1"))).isEmpty();

      assertThat(outbound.send(get(peer, "ntfy.home"))).isInstanceOf(Response.class);
      assertThat(outbound.send(get(peer, "127.0.0.1"))).isInstanceOf(Response.class);
      assertThat(outbound.send(get(peer, "other.home"))).isInstanceOf(Failure.AddressBlocked.class);
    }
  }

  @Test
  void plainTextNeedsTheCallersConsent() throws Exception {
    try (Outbound outbound = open()) {
      assertThat(outbound.send(OutboundRequest.get(URI.create("http://peer.example/"))))
          .isEqualTo(new Failure.PlainTextRefused());
    }
  }

  @Test
  void redirectsAreNotFollowedAndCheckedAgain() throws Exception {
    try (ScriptedPeer peer =
            ScriptedPeer.saying(
                "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n");
        Outbound outbound = open()) {
      OutboundRequest request = get(peer, "peer.example");
      Response response = (Response) outbound.send(request);
      assertThat(response.status()).isEqualTo(302);
      URI next = response.redirect().orElseThrow();

      assertThat(outbound.send(request.redirectedTo(next)))
          .isInstanceOf(Failure.AddressBlocked.class);
    }
  }

  @Test
  void credentialsDoNotFollowARedirectToAnotherServer() {
    OutboundRequest signed =
        new OutboundRequest(
            "GET",
            URI.create("https://a.example/"),
            Map.of("Authorization", "x", "Accept", "y"),
            java.util.Optional.empty(),
            true,
            Limits.defaults());

    assertThat(signed.redirectedTo(URI.create("https://a.example/b")).headers())
        .containsKey("Authorization");
    assertThat(signed.redirectedTo(URI.create("https://b.example/")).headers())
        .containsOnlyKeys("Accept");
    assertThat(signed.redirectedTo(URI.create("http://a.example/")).plainAllowed()).isFalse();
  }

  @Test
  void aHangingPeerTimesOutInItsPhase() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    try (ScriptedPeer silent = ScriptedPeer.plain((_, _) -> never.await());
        ScriptedPeer stuck =
            ScriptedPeer.plain((_, out) -> {
              out.write(
                  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"
                      .getBytes(StandardCharsets.US_ASCII));
              out.flush();
              never.await();
            });
        Outbound outbound = open()) {
      assertThat(outbound.send(answerWithin(get(silent, "peer.example"), SHORT)))
          .isEqualTo(new Failure.TimedOut(Phase.ANSWER, SHORT));
      assertThat(outbound.send(allWithin(get(stuck, "peer.example"), Duration.ofSeconds(2))))
          .isEqualTo(new Failure.TimedOut(Phase.BODY, Duration.ofSeconds(2)));
      OutboundRequest encrypted =
          OutboundRequest.get(URI.create("https://peer.example:" + silent.port() + "/"))
              .withLimits(new Limits(LONG, SHORT, LONG, LONG, 4_096, 10_000));
      assertThat(outbound.send(encrypted)).isEqualTo(new Failure.TimedOut(Phase.HANDSHAKE, SHORT));
    } finally {
      never.countDown();
    }
  }

  @Test
  void aPeerThatTakesNoConnectionTimesOut() throws Exception {
    List<Socket> waiting = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1, LOOPBACK);
        Outbound outbound = open()) {
      // Nobody accepts. When the queue of connections is full, the system answers no further one.
      while (waiting.isEmpty() || waiting.getLast().isConnected()) {
        Socket socket = new Socket();
        waiting.add(socket);
        try {
          socket.connect(full.getLocalSocketAddress(), 200);
        } catch (SocketTimeoutException _) {
          break;
        }
      }
      OutboundRequest request =
          get("http://peer.example:" + full.getLocalPort() + "/")
              .withLimits(new Limits(SHORT, LONG, LONG, LONG, 4_096, 10));

      assertThat(outbound.send(request)).isEqualTo(new Failure.TimedOut(Phase.CONNECT, SHORT));
    } finally {
      for (Socket each : waiting) {
        each.close();
      }
    }
  }

  @Test
  void aPeerThatRefusesConnectionsIsNamed() throws Exception {
    int port;
    try (ServerSocket gone = new ServerSocket(0, 1, LOOPBACK)) {
      port = gone.getLocalPort();
    }
    try (Outbound outbound = open()) {
      assertThat(outbound.send(get("http://peer.example:" + port + "/")))
          .isInstanceOfSatisfying(
              Failure.ConnectFailed.class, each -> assertThat(each.address()).isEqualTo(LOOPBACK));
    }
  }

  @Test
  void aPeerThatReadsNothingTimesOut() throws Exception {
    Duration limit = Duration.ofSeconds(3);
    try (ServerSocket deaf = new ServerSocket(0, 1, LOOPBACK);
        Outbound outbound = open()) {
      OutboundRequest request =
          OutboundRequest.post(
                  URI.create("http://peer.example:" + deaf.getLocalPort() + "/"),
                  "text/plain",
                  new byte[64 << 20])
              .withPlainAllowed();

      assertThat(outbound.send(allWithin(request, limit)))
          .isEqualTo(new Failure.TimedOut(Phase.SEND, limit));
    }
  }

  @Test
  void aHangingResolverTimesOut() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    Resolver hanging =
        _ -> {
          try {
            never.await();
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
          return List.of(LOOPBACK);
        };
    try (Outbound outbound = open(hanging, 8)) {
      OutboundRequest request =
          get("http://peer.example/").withLimits(new Limits(SHORT, LONG, LONG, LONG, 4_096, 10));

      assertThat(outbound.send(request)).isEqualTo(new Failure.TimedOut(Phase.RESOLVE, SHORT));
    } finally {
      never.countDown();
    }
  }

  /// A resolver that never answers for some names and at once for the others.
  private static Resolver hangingFor(String zone, CountDownLatch inside, CountDownLatch never) {
    return name -> {
      if (name.endsWith(zone)) {
        inside.countDown();
        try {
          never.await();
        } catch (InterruptedException _) {
          // As a lookup of the system, it goes on although nobody waits for it.
        }
      }
      return List.of(LOOPBACK);
    };
  }

  private static Outbound openWide(Resolver resolver) throws Exception {
    return Outbound.start(
        new OutboundOptions(
            OutboundOptions.PRIVATE_NETWORKS,
            List.of(Network.parse("127.0.0.1/32")),
            Set.of(),
            List.of(),
            8,
            512),
        resolver,
        InstantSource.system());
  }

  @Test
  void aSilentNameServerHoldsUpItsOwnNamesOnly() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch inside = new CountDownLatch(Addresses.PER_ZONE);
    try (ScriptedPeer peer = ScriptedPeer.saying(OK);
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
        Outbound outbound = openWide(hangingFor(".silent.example", inside, never))) {
      for (int i = 0; i < 2 * Addresses.THREADS; i++) {
        OutboundRequest request = get("http://n" + i + ".silent.example/");
        var _ = callers.submit(() -> outbound.send(request));
      }
      assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();

      for (int i = 0; i < Addresses.THREADS; i++) {
        assertThat(outbound.send(allWithin(get(peer, "p" + i + ".other.test"), LONG.dividedBy(2))))
            .isInstanceOf(Response.class);
      }
    } finally {
      never.countDown();
    }
  }

  /// All threads are held by many zones; what was given up must not fill the queue.
  @Test
  void lookupsThatNobodyWaitsForLeaveTheQueue() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch inside = new CountDownLatch(Addresses.THREADS);
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
        Outbound outbound = openWide(hangingFor("example", inside, never))) {
      for (int i = 0; i < Addresses.THREADS; i++) {
        OutboundRequest request = get("http://silent" + i + ".example/");
        var _ = callers.submit(() -> outbound.send(request));
      }
      assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();

      Duration moment = Duration.ofMillis(2);
      for (int i = 0; i < 2 * Addresses.WAITING; i++) {
        OutboundRequest request =
            get("http://other" + i + ".test/")
                .withLimits(new Limits(moment, LONG, LONG, LONG, 4_096, 10));
        assertThat(outbound.send(request)).isEqualTo(new Failure.TimedOut(Phase.RESOLVE, moment));
      }
    } finally {
      never.countDown();
    }
  }

  @Test
  void endlessHeadersEndlessBodiesAndHugeChunksAreCutOff() throws Exception {
    byte[] header =
        "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".getBytes(StandardCharsets.US_ASCII);
    try (ScriptedPeer headers =
            ScriptedPeer.plain((_, out) -> {
              out.write("HTTP/1.1 200 OK\r\n".getBytes(StandardCharsets.US_ASCII));
              while (true) {
                out.write(header);
              }
            });
        ScriptedPeer body =
            ScriptedPeer.plain((_, out) -> {
              out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
              while (true) {
                out.write(header);
              }
            });
        ScriptedPeer chunk =
            ScriptedPeer.plain((_, out) -> {
              out.write(
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n"
                      .getBytes(StandardCharsets.US_ASCII));
              while (true) {
                out.write(header);
              }
            });
        ScriptedPeer announced =
            ScriptedPeer.saying("HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n");
        Outbound outbound = open()) {
      assertThat(outbound.send(get(headers, "peer.example")))
          .isEqualTo(new Failure.TooLarge(Failure.Part.HEADERS, 4_096));
      for (ScriptedPeer each : List.of(body, chunk, announced)) {
        assertThat(outbound.send(get(each, "peer.example")))
            .isEqualTo(new Failure.TooLarge(Failure.Part.BODY, 10_000));
      }
    }
  }

  @Test
  void compressedBodiesAndNonsenseAreInvalid() throws Exception {
    try (ScriptedPeer compressed =
            ScriptedPeer.saying(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok");
        ScriptedPeer switching =
            ScriptedPeer.saying("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n");
        ScriptedPeer nonsense =
            ScriptedPeer.saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
        Outbound outbound = open()) {
      for (ScriptedPeer each : List.of(compressed, switching, nonsense)) {
        assertThat(outbound.send(get(each, "peer.example")))
            .isInstanceOf(Failure.InvalidResponse.class);
      }
      assertThat(compressed.heads().getFirst()).contains("Accept-Encoding: identity\r\n");
    }
  }

  @Test
  void anInterruptedCallerGivesUpItsRequest() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    try (ScriptedPeer peer =
            ScriptedPeer.plain((_, _) -> {
              asked.countDown();
              never.await();
            });
        Outbound outbound = open(TO_LOOPBACK, 1)) {
      FutureTask<Outcome> task = new FutureTask<>(() -> outbound.send(get(peer, "peer.example")));
      Thread caller = Thread.ofPlatform().start(task);
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
      caller.interrupt();
      assertThatThrownBy(() -> task.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(InterruptedException.class);

      // The only connection is free again: the next request gets as far as the peer.
      assertThat(outbound.send(answerWithin(get(peer, "peer.example"), SHORT)))
          .isEqualTo(new Failure.TimedOut(Phase.ANSWER, SHORT));
    } finally {
      never.countDown();
    }
  }

  @Test
  void aRequestWaitsForAFreeConnectionUntilItsDeadline() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    try (ScriptedPeer peer =
            ScriptedPeer.plain((_, out) -> {
              asked.countDown();
              answer.await();
              out.write(OK.getBytes(StandardCharsets.US_ASCII));
            });
        Outbound outbound = open(TO_LOOPBACK, 1)) {
      FutureTask<Outcome> first = new FutureTask<>(() -> outbound.send(get(peer, "peer.example")));
      Thread.ofVirtual().start(first);
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();

      assertThat(outbound.send(allWithin(get(peer, "peer.example"), SHORT)))
          .isEqualTo(new Failure.TimedOut(Phase.QUEUE, SHORT));
      assertThat(peer.connections()).isEqualTo(1);

      answer.countDown();
      assertThat(first.get(30, TimeUnit.SECONDS)).isInstanceOf(Response.class);
      assertThat(outbound.send(get(peer, "peer.example"))).isInstanceOf(Response.class);
    }
  }

  @Test
  void closingEndsWhatIsUnderWay() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    try (ScriptedPeer peer =
        ScriptedPeer.plain((_, _) -> {
          asked.countDown();
          never.await();
        })) {
      Outbound outbound = open();
      FutureTask<Outcome> task = new FutureTask<>(() -> outbound.send(get(peer, "peer.example")));
      Thread.ofVirtual().start(task);
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();

      outbound.close();

      assertThat(task.get(30, TimeUnit.SECONDS)).isEqualTo(new Failure.Stopping());
      assertThat(outbound.send(get(peer, "peer.example"))).isEqualTo(new Failure.Stopping());
    } finally {
      never.countDown();
    }
  }
}
