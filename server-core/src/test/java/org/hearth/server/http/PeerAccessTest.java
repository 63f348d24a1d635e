package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.peers.PeerKeys;
import org.hearth.server.http.peers.Peers;
import org.hearth.server.matrix.checks.FederationPolicy;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.sign.VerifyKey;
import org.hearth.server.matrix.testkit.TestKeys;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Routes for other servers, which have to sign what they send.
class PeerAccessTest {
  private static final ServerName PEER = ServerName.parse("peer.test");
  private static final String ECHO = "/_matrix/federation/v1/echo/{text}";
  private static final String PATH = "/_matrix/federation/v1/echo/x";
  private static final String MEDIA = "/_matrix/federation/v1/media";

  private final ConcurrentLinkedQueue<ServerName> lookedUp = new ConcurrentLinkedQueue<>();
  private final List<TestServer> servers = new ArrayList<>();
  private final Map<ServerName, SigningKey> known = new HashMap<>();

  PeerAccessTest() {
    for (String name : List.of("peer.test", "other.test", "blocked.test", "[::1]:8448")) {
      ServerName server = ServerName.parse(name);
      known.put(server, TestKeys.of(server));
    }
  }

  @AfterEach
  void stop() {
    servers.forEach(TestServer::close);
  }

  private Optional<VerifyKey> key(ServerName server, KeyId id) {
    lookedUp.add(server);
    return Optional.ofNullable(known.get(server))
        .filter(key -> key.id().equals(id))
        .map(SigningKey::verifyKey);
  }

  private TestClient client(FederationPolicy policy) {
    return client(TestServer.standard(), policy, this::key, PeerAccessTest::echo);
  }

  private TestClient client() {
    return client(FederationPolicy.open(List.of("blocked.*")));
  }

  private TestClient client(
      HttpOptions options, FederationPolicy policy, PeerKeys keys, Handler handler) {
    TestServer server =
        new TestServer(
            options,
            new Peers(Peer.HERE, policy, keys, _ -> {}),
            InstantSource.fixed(Instant.EPOCH),
            routes ->
                routes
                    .add(HttpMethod.GET, ECHO, Access.SERVER, RateClass.FEDERATION, handler)
                    .add(HttpMethod.PUT, ECHO, Access.SERVER, RateClass.FEDERATION, handler)
                    .add(
                        HttpMethod.GET, MEDIA, Access.SERVER, RateClass.FEDERATION_MEDIA, handler));
    servers.add(server);
    return server.client();
  }

  private static Response echo(Request request) {
    return Response.json(
        request
            .jsonOrEmpty()
            .put("origin", request.origin().value())
            .put("text", request.path("text")));
  }

  private static TestClient.Authorization saying(String... headers) {
    return (_, _, _) -> List.of(headers);
  }

  /// A signature of a `GET` of [#PATH].
  private static String signed(Peer peer) {
    return peer.signature(peer.signed("GET", PATH, null));
  }

  @Test
  void whoHasSignedIsAnsweredUnderItsName() {
    TestClient peer = client().as(Peer.of("peer.test"));

    assertThat(peer.get(PATH).expect(200).json())
        .hasToString("{\"origin\":\"peer.test\",\"text\":\"x\"}");
    assertThat(peer.put(PATH, "{'b':1,'a':[null,true]}").expect(200).json())
        .hasToString("{\"b\":1,\"a\":[null,true],\"origin\":\"peer.test\",\"text\":\"x\"}");
    client().as(Peer.of("[::1]:8448")).get(PATH).expect(200);
  }

  @Test
  void whoHasShownItOnceIsLikelyToBeNoStrangerAtThatAddress() throws InterruptedException {
    Peer peer = Peer.of("peer.test");
    Peers peers = new Peers(Peer.HERE, FederationPolicy.open(List.of()), this::key, _ -> {});
    Peers.Claim claim = peers.claim(List.of(peer.header(signed(peer))));
    assertThat(peers.isLikely(claim, "192.0.2.1")).isFalse();

    peers.verify(claim, "GET", PATH, Optional.empty(), "192.0.2.1");

    assertThat(peers.isLikely(claim, "192.0.2.1")).isTrue();
    assertThat(peers.isLikely(claim, "192.0.2.2")).isFalse();
    Peer other = Peer.of("other.test");
    assertThat(peers.isLikely(peers.claim(List.of(other.header(signed(other)))), "192.0.2.1"))
        .isFalse();
  }

  /// What is signed is the target as it is sent; `%2F` is another than `/`, and the query counts.
  @Test
  void theTargetIsSignedAsItIsSent() {
    TestClient peer = client().as(Peer.of("peer.test"));
    String target = "/_matrix/federation/v1/echo/%24a%2fb%2Fc?v=%24x&v=a+b&";

    assertThat(peer.get(target).expect(200).text("text")).isEqualTo("$a/b/c");

    Peer signer = Peer.of("peer.test");
    for (String other :
        List.of(target.replace("%2f", "%2F"), target.replace("%24x", "$x"), PATH + "?")) {
      String signature = signer.signature(signer.signed("GET", other, null));
      client().as(saying(signer.header(signature))).get(target).expect(401, "M_UNAUTHORIZED");
    }
  }

  @Test
  void anotherBodyMethodOrTargetThanThoseSignedIsRefused() {
    Peer signer = Peer.of("peer.test");
    TestClient peer = client().as(saying(signer.header(signed(signer))));

    peer.get(PATH).expect(200);
    peer.get(PATH + "y").expect(401, "M_UNAUTHORIZED");
    peer.put(PATH, "{}").expect(401, "M_UNAUTHORIZED");
    String ofBody =
        signer.signature(
            signer.signed(
                "PUT", PATH, MatrixJson.parse("{\"a\":1}".getBytes(StandardCharsets.UTF_8))));
    TestClient putting = client().as(saying(signer.header(ofBody)));
    putting.put(PATH, "{'a':1}").expect(200);
    putting.put(PATH, "{ 'a' : 1 }").expect(200);
    putting.put(PATH, "{'a':2}").expect(401, "M_UNAUTHORIZED");
    putting.put(PATH, "{'a':1,'b':1}").expect(401, "M_UNAUTHORIZED");
    putting.send("PUT", PATH, null).expect(401, "M_UNAUTHORIZED");
  }

  @Test
  void whatIsNoJsonIsRefusedHoweverItIsSigned() {
    Peer signer = Peer.of("peer.test");
    TestClient peer = client().as(saying(signer.header(signed(signer))));

    peer.put(PATH, "{'a':").expect(400, "M_NOT_JSON");
    peer.put(PATH, "{'a':NaN}").expect(400, "M_NOT_JSON");
    client().as(Peer.of("peer.test")).put(PATH, "[1]").expect(400, "M_BAD_JSON");
  }

  /// Row 73 of the hostile list: one event with such a number fails no transaction.
  @Test
  void numbersThatNoEventOfTodayMayHaveDoNotSpoilTheSignature() {
    client().as(Peer.of("peer.test")).put(PATH, "{'depth':1.5,'big':1e3}").expect(200);
  }

  /// Row 77 of the hostile list: one event that is not taken costs only itself, also where others
  /// take it, who would send it again and again.
  @Test
  void anEventThatIsNestedTooDeeplyOrHasAHugeNumberIsLeftOutOfWhatWrapsIt() {
    TestClient peer = client().as(Peer.of("peer.test"));
    String deepest = "[".repeat(100) + "]".repeat(100);
    String deeper = "[".repeat(500) + "]".repeat(500);
    String huge = "7".repeat(2_000);

    assertThat(
            peer.put(PATH, "{'pdus':[1,%s,%s,%s,{'a':2}]}".formatted(deepest, deeper, huge))
                .expect(200)
                .at("/pdus"))
        .hasToString("[1," + deepest + ",null,null,{\"a\":2}]");

    peer.put(PATH, "{'a':%s}".formatted(deeper)).expect(200);
    peer.put(PATH, "{'a':{'b':%s}}".formatted(deeper)).expect(400, "M_BAD_JSON");
    peer.put(PATH, "{'a':%s}".formatted(huge)).expect(400, "M_BAD_JSON");
  }

  @Test
  void whatIsNestedWithoutEndIsRefused() {
    Peer peer = Peer.of("peer.test");
    TestClient client = client().as(saying(peer.header(signed(peer))));

    client
        .put(PATH, "{'pdus':%s%s}".formatted("[".repeat(50_000), "]".repeat(50_000)))
        .expect(400, "M_BAD_JSON");
  }

  @Test
  void whoeverDoesNotSayWhoItIsIsRefused() {
    TestClient anybody = client();
    Peer peer = Peer.of("peer.test");
    String good = peer.header(signed(peer));

    anybody.get(PATH).expect(401, "M_UNAUTHORIZED");
    anybody.as("alice").get(PATH).expect(401, "M_UNAUTHORIZED");
    anybody
        .as(saying(good.replace("peer.test\",dest", "peer.test \",dest")))
        .get(PATH)
        .expect(401, "M_UNAUTHORIZED");
    anybody
        .as(saying(good.replace(",key=", ",origin=\"peer.test\",key=")))
        .get(PATH)
        .expect(401, "M_UNAUTHORIZED");
    anybody.as(saying(good, "Bearer alice")).get(PATH).expect(401, "M_UNAUTHORIZED");
    assertThat(lookedUp).isEmpty();
  }

  @Test
  void aWrongSignatureAndOneOfAnUnknownKeyAreRefused() {
    Peer peer = Peer.of("peer.test");
    Peer stranger = Peer.of("stranger.test");
    Peer impostor = new Peer(PEER, Peer.HERE, TestKeys.named("somebody else"));

    client().as(impostor).get(PATH).expect(401, "M_UNAUTHORIZED");
    client().as(stranger).get(PATH).expect(401, "M_UNAUTHORIZED");
    client()
        .as(saying(peer.header(signed(peer)).replace("ed25519:test", "ed25519:other")))
        .get(PATH)
        .expect(401, "M_UNAUTHORIZED");
    client().as(saying(peer.header("AAAA"))).get(PATH).expect(401, "M_UNAUTHORIZED");
    // Row 26 of the hostile list: keys that anybody has are no keys.
    assertThat(VerifyKey.parse("l/O9hxMVKB6Lg+3Hqf0FQQZhVESQcMzbPN1Cz2nM3og=")).isEmpty();
  }

  /// "If this property is included, but the value does not match the receiving server's name, the
  /// receiving server must deny the request"; "recipients should accept requests without this
  /// parameter".
  @Test
  void aRequestForAnotherServerIsRefused() {
    Peer peer = Peer.of("peer.test");
    Peer astray = new Peer(PEER, ServerName.parse("elsewhere.test"), peer.key());
    String header = peer.header(signed(peer));

    client().as(astray).get(PATH).expect(401, "M_UNAUTHORIZED");
    client()
        .as(saying(header.replace("hearth.test", "HEARTH.test")))
        .get(PATH)
        .expect(401, "M_UNAUTHORIZED");
    client().as(saying(header.replace("destination=\"hearth.test\",", ""))).get(PATH).expect(200);
    client()
        .as(saying(astray.header(signed(astray)).replace("destination=\"elsewhere.test\",", "")))
        .get(PATH)
        .expect(401, "M_UNAUTHORIZED");
  }

  @Test
  void severalSignaturesAreAllRightOrOfKeysThatNobodyKnows() {
    Peer peer = Peer.of("peer.test");
    Peer other = Peer.of("other.test");
    String good = peer.header(signed(peer));
    String ofUnknown = good.replace("ed25519:test", "ed25519:unknown");
    String wrong = peer.header(peer.signature(peer.signed("GET", PATH + "y", null)));
    TestClient client = client();

    client.as(saying(ofUnknown, good)).get(PATH).expect(200);
    client.as(saying(good, wrong)).get(PATH).expect(401, "M_UNAUTHORIZED");
    client.as(saying(good, other.header(signed(other)))).get(PATH).expect(401, "M_UNAUTHORIZED");
    client
        .as(saying(ofUnknown, ofUnknown, ofUnknown, ofUnknown, good))
        .get(PATH)
        .expect(401, "M_UNAUTHORIZED");
  }

  @Test
  void whoThisServerDoesNotTalkWithIsRefusedBeforeItsKeyIsLookedFor() {
    client().as(Peer.of("blocked.test")).get(PATH).expect(403, "M_FORBIDDEN");
    client(FederationPolicy.allowing(Set.of(PEER), List.of()))
        .as(Peer.of("other.test"))
        .get(PATH)
        .expect(403, "M_FORBIDDEN");
    client().as(Peer.of("hearth.test")).get(PATH).expect(401, "M_UNAUTHORIZED");
    assertThat(lookedUp).isEmpty();

    client(FederationPolicy.allowing(Set.of(PEER), List.of()))
        .as(Peer.of("peer.test"))
        .get(PATH)
        .expect(200);
  }

  @Test
  void aServerOnItsOwnShowsNothingOfItsRoutes() {
    TestClient alone = client(FederationPolicy.off());

    alone.as(Peer.of("peer.test")).get(PATH).expect(404, "M_UNRECOGNIZED");
    alone.get(PATH).expect(404, "M_UNRECOGNIZED");
    assertThat(lookedUp).isEmpty();
  }

  // --- how much

  @Test
  void whoClaimsToBeOthersIsLimitedByAddressAndWhoIsWhoItSaysIsNot() {
    RateLimits limits =
        new RateLimits(
            true,
            Map.of(
                RateClass.UNKNOWN_SERVER, new RateLimits.Allowance(3, 1, Duration.ofSeconds(1))));
    TestClient client =
        client(
            TestServer.standard().with(limits),
            FederationPolicy.open(List.of()),
            this::key,
            PeerAccessTest::echo);
    TestClient honest = client.as(Peer.of("peer.test"));
    for (int i = 0; i < 5; i++) {
      honest.get(PATH).expect(200);
    }
    TestClient impostor = client.as(new Peer(PEER, Peer.HERE, TestKeys.named("else")));
    for (int i = 0; i < 3; i++) {
      impostor.get(PATH).expect(401, "M_UNAUTHORIZED");
    }
    lookedUp.clear();

    impostor.get(PATH).expect(429, "M_LIMIT_EXCEEDED");

    assertThat(lookedUp).isEmpty();
  }

  @Test
  void whatServersAskIsCountedByServer() {
    RateLimits limits =
        new RateLimits(
            true,
            Map.of(RateClass.FEDERATION, new RateLimits.Allowance(2, 1, Duration.ofSeconds(1))));
    TestClient client =
        client(
            TestServer.standard().with(limits),
            FederationPolicy.open(List.of()),
            this::key,
            PeerAccessTest::echo);
    TestClient.Authorization impostor = new Peer(PEER, Peer.HERE, TestKeys.named("else"));
    client.as(impostor).get(PATH).expect(401);
    client.as(impostor).get(PATH).expect(401);
    TestClient peer = client.as(Peer.of("peer.test"));
    peer.get(PATH).expect(200);
    peer.get(PATH).expect(200);

    peer.get(PATH).expect(429, "M_LIMIT_EXCEEDED");

    client.as(Peer.of("other.test")).get(PATH).expect(200);
  }

  /// Whoever owns a domain makes up names below it.
  @Test
  void whatServersOfOneSiteAskIsCountedTogetherToo() {
    RateLimits limits =
        new RateLimits(
            true,
            Map.of(
                RateClass.FEDERATION_SITE, new RateLimits.Allowance(3, 1, Duration.ofSeconds(1))));
    TestClient client =
        client(
            TestServer.standard().with(limits),
            FederationPolicy.open(List.of()),
            (server, id) -> Optional.of(TestKeys.of(server).verifyKey()),
            PeerAccessTest::echo);
    for (String name : List.of("a.site.test", "b.site.test", "site.test")) {
      client.as(Peer.of(name)).get(PATH).expect(200);
    }

    client.as(Peer.of("made.up.site.test")).get(PATH).expect(429, "M_LIMIT_EXCEEDED");

    client.as(Peer.of("other.test")).get(PATH).expect(200);
  }

  @Test
  void requestsOfOneServerTakeTurnsAndKeepNobodyElseWaiting() throws Exception {
    CountDownLatch inside = new CountDownLatch(4);
    CountDownLatch refused = new CountDownLatch(6);
    CountDownLatch mayEnd = new CountDownLatch(1);
    ConcurrentLinkedQueue<String> began = new ConcurrentLinkedQueue<>();
    TestClient client =
        client(
            TestServer.standard(),
            FederationPolicy.open(List.of()),
            this::key,
            request -> {
              began.add(request.origin().value());
              if (request.origin().equals(PEER)) {
                inside.countDown();
                assertThat(mayEnd.await(60, TimeUnit.SECONDS)).isTrue();
              }
              return Response.empty();
            });
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<TestClient.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        answers.add(
            askers.submit(() -> {
              TestClient.Answer answer = client.as(Peer.of("peer.test")).get(PATH);
              refused.countDown();
              return answer;
            }));
      }
      assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();

      client.as(Peer.of("other.test")).get(PATH).expect(200);
      // Six of the sixty are more than may wait, and are told so at once.
      assertThat(refused.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(began).containsOnlyOnce("other.test").hasSize(5);
      mayEnd.countDown();

      List<Integer> statuses = new ArrayList<>();
      for (Future<TestClient.Answer> each : answers) {
        statuses.add(each.get(60, TimeUnit.SECONDS).status());
      }
      assertThat(statuses).containsOnly(200, 429);
      assertThat(statuses.stream().filter(each -> each == 429)).hasSize(6);
    }
  }

  @Test
  void noEventOfAServerWaitsBehindItsPictures() throws Exception {
    CountDownLatch inside = new CountDownLatch(8);
    CountDownLatch refused = new CountDownLatch(2);
    CountDownLatch mayEnd = new CountDownLatch(1);
    TestClient peer =
        client(
                TestServer.standard(),
                FederationPolicy.open(List.of()),
                this::key,
                request -> {
                  if (request.template().equals(MEDIA)) {
                    inside.countDown();
                    assertThat(mayEnd.await(60, TimeUnit.SECONDS)).isTrue();
                  }
                  return Response.empty();
                })
            .as(Peer.of("peer.test"));
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<TestClient.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        answers.add(
            askers.submit(() -> {
              TestClient.Answer answer = peer.get(MEDIA);
              refused.countDown();
              return answer;
            }));
      }
      // Eight have their turn, fifty wait, and two are more than may wait.
      assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(refused.await(60, TimeUnit.SECONDS)).isTrue();

      peer.put(PATH, "{}").expect(200);

      mayEnd.countDown();
      List<Integer> statuses = new ArrayList<>();
      for (Future<TestClient.Answer> each : answers) {
        statuses.add(each.get(60, TimeUnit.SECONDS).status());
      }
      assertThat(statuses).containsOnly(200, 429);
      assertThat(statuses).filteredOn(each -> each == 429).hasSize(2);
    }
  }

  @Test
  void oneAddressHasOnlySomeKeysLookedForAtTheSameTime() throws Exception {
    CountDownLatch looking = new CountDownLatch(16);
    CountDownLatch mayEnd = new CountDownLatch(1);
    PeerKeys slow =
        new PeerKeys() {
          @Override
          public Optional<VerifyKey> remembered(ServerName server, KeyId id) {
            return server.equals(PEER)
                ? Optional.of(TestKeys.of(PEER).verifyKey())
                : Optional.empty();
          }

          @Override
          public Optional<VerifyKey> verifyKey(ServerName server, KeyId id) {
            looking.countDown();
            try {
              assertThat(mayEnd.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return Optional.empty();
          }
        };
    TestClient client =
        client(TestServer.standard(), FederationPolicy.open(List.of()), slow, PeerAccessTest::echo);
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<TestClient.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        TestClient.Authorization peer = Peer.of("made-up-" + i + ".test");
        answers.add(askers.submit(() -> client.as(peer).get(PATH)));
      }
      assertThat(looking.await(60, TimeUnit.SECONDS)).isTrue();

      client.as(Peer.of("one-more.test")).get(PATH).expect(429, "M_LIMIT_EXCEEDED");
      client.as(Peer.of("peer.test")).get(PATH).expect(200);

      mayEnd.countDown();
      for (Future<TestClient.Answer> each : answers) {
        each.get(60, TimeUnit.SECONDS).expect(401, "M_UNAUTHORIZED");
      }
    }
  }
}
