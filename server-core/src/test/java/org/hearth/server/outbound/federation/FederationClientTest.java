package org.hearth.server.outbound.federation;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.PeerJson;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SignedRequest;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.Limits;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.Phase;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.TestInternet.Asked;
import org.hearth.server.outbound.TestInternet.Script;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.Type;

@Timeout(60)
@Tag("long")
class FederationClientTest {
  private static final ServerName OWN = ServerName.parse("hearth.test");
  private static final ServerName PEER = ServerName.parse("peer.example:8448");
  private static final String ADDRESS = "93.184.216.20";
  private static final SigningKey KEY = key("ed25519:own", "1");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private volatile Instant now = Instant.parse("2026-03-01T04:00:00Z");
  private TestInternet internet;
  private Outbound outbound;
  private FederationClient client;

  private static SigningKey key(String id, String seed) {
    return new SigningKey(KeyId.parse(id), seed.repeat(SigningKey.SEED_BYTES).getBytes(UTF_8));
  }

  @BeforeEach
  void start() throws Exception {
    internet = new TestInternet(folder);
    internet.dns.address("peer.example", ADDRESS);
    outbound = internet.outbound(() -> now);
    client = client();
  }

  @AfterEach
  void stop() throws Exception {
    outbound.close();
    internet.close();
  }

  private FederationClient client() {
    return client(new AnswerMemory());
  }

  private FederationClient client(AnswerMemory memory) {
    return new FederationClient(
        outbound,
        new FederationClient.Identity(OWN, () -> KEY),
        name -> !name.value().startsWith("blocked"),
        stores.store(),
        () -> now,
        new Random(7),
        memory);
  }

  private void serve(Script script) throws Exception {
    internet.serve(ADDRESS, 8448, List.of("peer.example"), script);
  }

  private static FederationRequest get() {
    return FederationRequest.get(PEER, "/_matrix/federation/v1/version");
  }

  private static ObjectNode object(String json) {
    return MatrixJson.parseObject(json.getBytes(UTF_8));
  }

  private static Matcher authorization(Asked asked) {
    Matcher header =
        Pattern.compile(
                "X-Matrix origin=\"(.*?)\",destination=\"(.*?)\",key=\"(.*?)\",sig=\"(.*?)\"")
            .matcher(asked.header("authorization"));
    assertThat(header.matches()).as(asked.head()).isTrue();
    return header;
  }

  private static boolean isSigned(Asked asked) {
    Matcher header = authorization(asked);
    ObjectNode request = JsonNodeFactory.instance.objectNode();
    request.put("method", asked.line().split(" ", -1)[0]);
    request.put("uri", asked.line().split(" ", -1)[1]);
    request.put("origin", header.group(1));
    request.put("destination", header.group(2));
    if (!asked.body().isEmpty()) {
      request.set("content", object(asked.body()));
    }
    request
        .putObject("signatures")
        .putObject(header.group(1))
        .put(header.group(3), header.group(4));
    return Signatures.verify(request, OWN.value(), _ -> Optional.of(KEY.verifyKey())).isValid();
  }

  @Test
  void requestsAreSignedForTheNameFromBeforeDelegation() throws Exception {
    internet.dns.address("example.org", "93.184.216.10").address("m.example.net", ADDRESS);
    internet.serve(
        "93.184.216.10", 443, List.of("example.org"), TestInternet.wellKnown("m.example.net:8448"));
    internet.serve(
        ADDRESS, 8448, List.of("m.example.net"), TestInternet.json(200, "{\"pdus\": {}}"));
    ServerName name = ServerName.parse("example.org");
    String target = "/_matrix/federation/v1/send/a%2Fb%20c?d=%C3%A9&e";

    FederationReply reply =
        client.send(
            FederationRequest.put(name, target, object("{\"b\": \"é\\u0000\", \"a\": [1, {}]}")));

    assertThat(reply)
        .isInstanceOfSatisfying(
            FederationReply.Answer.class,
            each -> assertThat(each.body()).isEqualTo(object("{\"pdus\": {}}")));
    Asked asked = internet.asked().getLast();
    assertThat(asked.line()).isEqualTo("PUT " + target + " HTTP/1.1");
    assertThat(asked.header("host")).isEqualTo("m.example.net:8448");
    assertThat(asked.header("content-type")).isEqualTo("application/json");
    assertThat(authorization(asked).group(1)).isEqualTo("hearth.test");
    assertThat(authorization(asked).group(2)).isEqualTo("example.org");
    assertThat(authorization(asked).group(3)).isEqualTo("ed25519:own");
    assertThat(isSigned(asked)).isTrue();
  }

  /// What a room of an old version has, or what is as deep as an event may be, keeps a transaction
  /// from nobody.
  @Test
  void whatEventsMayHaveIsSentAndSigned() throws Exception {
    serve(TestInternet.json(200, "{}"));
    String deep = "[".repeat(99) + "]".repeat(99);
    ObjectNode content = object("{\"pdus\": []}");
    content.withArray("pdus").add(object("{\"a\": %s}".formatted(deep))).add(1.5).add(1L << 60);

    assertThat(client.send(FederationRequest.put(PEER, "/_matrix/federation/v1/send/1", content)))
        .isInstanceOf(FederationReply.Answer.class);

    Asked asked = internet.asked().getLast();
    assertThat(asked.body()).isEqualTo(content.toString());
    SignedRequest signed =
        new SignedRequest(
            OWN,
            PEER,
            "PUT",
            "/_matrix/federation/v1/send/1",
            Optional.of(PeerJson.parse(asked.body().getBytes(UTF_8))));
    byte[] signature = UnpaddedBase64.decode(authorization(asked).group(4)).orElseThrow();
    assertThat(KEY.verifyKey().verify(signed.bytes(), signature)).isTrue();
  }

  @Test
  void ofAnAnswerOnlyTheEventsAreLeftOutThatAreNestedTooDeeply() throws Exception {
    String deeper = "[".repeat(101) + "]".repeat(101);
    serve(TestInternet.json(200, "{\"state\": [{\"a\": 1}, %s]}".formatted(deeper)));

    assertThat(client.send(get()))
        .isInstanceOfSatisfying(
            FederationReply.Answer.class,
            each -> assertThat(each.body()).hasToString("{\"state\":[{\"a\":1},null]}"));
  }

  @Test
  void aRequestWithoutABodyIsSignedWithoutContent() throws Exception {
    serve(TestInternet.json(200, "{}"));

    assertThat(client.send(get())).isInstanceOf(FederationReply.Answer.class);
    assertThat(client.send(get())).isInstanceOf(FederationReply.Answer.class);

    assertThat(internet.asked()).hasSize(2).allSatisfy(each -> assertThat(isSigned(each)).isTrue());
    // The connection is kept.
    assertThat(internet.dialed()).hasSize(1);
  }

  @Test
  void refusalsAreAnswersToo() throws Exception {
    serve(
        TestInternet.json(
            403, "{\"errcode\": \"M_FORBIDDEN\", \"error\": \"" + "x".repeat(5_000) + "\"}"));

    assertThat(client.send(get()))
        .isInstanceOfSatisfying(
            FederationReply.Refused.class,
            each -> {
              assertThat(each.status()).isEqualTo(403);
              assertThat(each.errcode()).isEqualTo("M_FORBIDDEN");
              assertThat(each.error()).hasSizeLessThan(300);
              assertThat(each.words()).contains("403", "M_FORBIDDEN");
            });
    assertThat(client.failing()).isEmpty();
  }

  @Test
  void redirectsAreNotFollowed() throws Exception {
    serve((_, out) ->
        TestInternet.respond(out, 307, "Location: https://peer.example:8448/x\r\n", ""));

    assertThat(client.send(get())).isEqualTo(new FederationReply.Refused(307, "", ""));
    assertThat(internet.asked()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "[]", "\"text\"", "{\"a\": 1, \"a\": 2}", "deep", "many"})
  void anAnswerThatIsNoJsonWithinBoundsIsNone(String body) throws Exception {
    String sent =
        switch (body) {
          case "deep" -> "{\"a\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
          case "many" -> "{\"a\":[" + "0,".repeat(1_500_000) + "0]}";
          default -> body;
        };
    serve(TestInternet.json(200, sent));

    assertThat(client.send(get().withAnswer(4 << 20, Duration.ofSeconds(20))))
        .isInstanceOf(FederationReply.Unintelligible.class);
    assertThat(client.failing()).isEmpty();
  }

  @Test
  void anAnswerOfMoreBytesThanAskedForIsCutOff() throws Exception {
    serve((_, out) -> {
      out.write("HTTP/1.1 200 OK\r\n\r\n{\"a\": \"".getBytes(ISO_8859_1));
      while (true) {
        out.write(new byte[10_000]);
      }
    });

    assertThat(client.send(get()))
        .isEqualTo(
            new FederationReply.NotReached(
                new Failure.TooLarge(Failure.Part.BODY, FederationRequest.ANSWER_BYTES)));
    assertThat(client.failing()).isEmpty();
  }

  /// All answers together are within a bound; short ones come whatever the long ones take.
  @Test
  void aLongAnswerForWhichThereIsNoMemoryIsNone() throws Exception {
    AnswerMemory memory = new AnswerMemory(1 << 20, Duration.ofMillis(10));
    client = client(memory);
    String text = "x".repeat(400_000);
    serve((asked, out) ->
        TestInternet.respond(
            out, 200, "", asked.line().contains("long") ? "{\"a\":\"" + text + "\"}" : "{}"));
    FederationRequest longer = FederationRequest.get(PEER, "/_matrix/federation/v1/long");

    assertThat(client.send(longer)).isInstanceOf(FederationReply.Answer.class);
    assertThat(memory.free()).isEqualTo(1 << 20);
    try (AnswerMemory.Share other = memory.share()) {
      other.read(new ByteArrayInputStream(new byte[600_000]));
      assertThat(client.send(longer)).isEqualTo(new FederationReply.NotReached(new Failure.Busy()));
      assertThat(client.send(get())).isInstanceOf(FederationReply.Answer.class);
    }
    assertThat(client.send(longer)).isInstanceOf(FederationReply.Answer.class);
    assertThat(memory.free()).isEqualTo(1 << 20);
    // It says nothing about the server.
    assertThat(client.failing()).isEmpty();
  }

  /// A page of a proxy, however long, says what its status says.
  @Test
  void whoRefusesAtLengthHasRefused() throws Exception {
    serve(TestInternet.json(503, "<p>".repeat(100_000)));

    assertThat(client.send(get())).isEqualTo(new FederationReply.Refused(503, "", ""));
    assertThat(client.failing()).hasSize(1);
  }

  @Test
  void whoIsNotAllowedIsNotAskedNorLookedUp() throws Exception {
    for (ServerName each : List.of(ServerName.parse("blocked.example"), OWN)) {
      assertThat(client.send(FederationRequest.get(each, "/_matrix/x").asUrgent()))
          .isEqualTo(new FederationReply.NotAllowed(each));
    }
    assertThat(internet.dns.questions()).isEmpty();
    assertThat(internet.dialed()).isEmpty();
  }

  @Test
  void whoIsDownIsLeftAloneAlsoAfterARestart() throws Exception {
    assertThat(client.send(get()))
        .isInstanceOfSatisfying(
            FederationReply.NotReached.class,
            each -> assertThat(each.why()).isInstanceOf(Failure.ConnectFailed.class));
    int dialed = internet.dialed().size();
    stores.store().committer().commit("test", List.of(), List.of());
    client = client();

    assertThat(client.send(get()))
        .isInstanceOfSatisfying(
            FederationReply.LeftAlone.class,
            each -> assertThat(each.because()).contains("takes no connection"));
    assertThat(internet.dialed()).hasSize(dialed);

    serve(TestInternet.json(200, "{}"));
    assertThat(client.send(get().asUrgent())).isInstanceOf(FederationReply.Answer.class);
    assertThat(client.send(get())).isInstanceOf(FederationReply.Answer.class);
    assertThat(client.failing()).isEmpty();
  }

  @Test
  void aSignOfLifeLetsRequestsThrough() throws Exception {
    assertThat(client.send(get())).isInstanceOf(FederationReply.NotReached.class);
    serve(TestInternet.json(200, "{}"));
    assertThat(client.send(get())).isInstanceOf(FederationReply.LeftAlone.class);

    client.signOfLife(PEER);

    assertThat(client.send(get())).isInstanceOf(FederationReply.Answer.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {502, 503, 504, 522})
  void aProxyThatSaysThatNobodyIsThereCountsAsAFailure(int status) throws Exception {
    serve(TestInternet.json(status, ""));

    assertThat(client.send(get())).isEqualTo(new FederationReply.Refused(status, "", ""));
    assertThat(client.send(get())).isInstanceOf(FederationReply.LeftAlone.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 404, 429, 500, 501})
  void aServerThatRefusesOneRequestIsThere(int status) throws Exception {
    serve(TestInternet.json(status, "{}"));

    assertThat(client.send(get())).isInstanceOf(FederationReply.Refused.class);
    assertThat(client.send(get())).isInstanceOf(FederationReply.Refused.class);
  }

  @Test
  void aSlowServerTimesOutAndIsLeftAlone() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    serve((_, _) -> never.await());
    Duration time = Duration.ofMillis(300);

    assertThat(client.send(get().withAnswer(100, time)))
        .isInstanceOfSatisfying(
            FederationReply.NotReached.class,
            each -> assertThat(each.why()).isInstanceOf(Failure.TimedOut.class));
    assertThat(client.send(get())).isInstanceOf(FederationReply.LeftAlone.class);
    never.countDown();
  }

  /// A request that finds no free connection says nothing about the server.
  @Test
  void waitingForAConnectionIsNoFailureOfTheServer() throws Exception {
    CountDownLatch all = new CountDownLatch(8);
    CountDownLatch go = new CountDownLatch(1);
    serve((_, out) -> {
      all.countDown();
      go.await();
      TestInternet.respond(out, 200, "", "{}");
    });
    for (int i = 0; i < 8; i++) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              client.send(get());
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
    }
    all.await();
    Duration time = Duration.ofMillis(200);

    assertThat(client.send(get().withAnswer(100, time)))
        .isEqualTo(new FederationReply.NotReached(new Failure.TimedOut(Phase.QUEUE, time)));
    assertThat(client.failing()).isEmpty();
    go.countDown();
  }

  @Test
  void ofSeveralEndpointsTheNextIsTriedWhenOneIsDown() throws Exception {
    internet
        .dns
        .address("example.org", "93.184.216.10")
        .with("_matrix-fed._tcp.example.org", Type.SRV, "1 0 8448 down.example.org.")
        .with("_matrix-fed._tcp.example.org", Type.SRV, "2 0 8448 missing.example.org.")
        .with("_matrix-fed._tcp.example.org", Type.SRV, "3 0 8448 wrong.example.org.")
        .with("_matrix-fed._tcp.example.org", Type.SRV, "4 0 8448 up.example.org.")
        .address("down.example.org", "93.184.216.30")
        .address("wrong.example.org", "93.184.216.31")
        .address("up.example.org", ADDRESS);
    internet.serve(
        "93.184.216.31", 8448, List.of("other.example"), TestInternet.json(200, "{\"wrong\": 1}"));
    internet.serve(ADDRESS, 8448, List.of("example.org"), TestInternet.json(200, "{}"));

    assertThat(client.send(FederationRequest.get(ServerName.parse("example.org"), "/_matrix/x")))
        .isInstanceOf(FederationReply.Answer.class);
    assertThat(internet.asked("/_matrix/x")).hasSize(1);
  }

  @Test
  void nothingIsTriedAfterABlockedAddress() throws Exception {
    internet
        .dns
        .address("example.org", "93.184.216.10")
        .with("_matrix-fed._tcp.example.org", Type.SRV, "1 0 8448 private.example.org.")
        .with("_matrix-fed._tcp.example.org", Type.SRV, "2 0 8448 up.example.org.")
        .address("private.example.org", "10.0.0.1")
        .address("up.example.org", ADDRESS);
    internet.serve(ADDRESS, 8448, List.of("example.org"), TestInternet.json(200, "{}"));

    assertThat(client.send(FederationRequest.get(ServerName.parse("example.org"), "/_matrix/x")))
        .isInstanceOfSatisfying(
            FederationReply.NotReached.class,
            each -> assertThat(each.why()).isInstanceOf(Failure.AddressBlocked.class));
    assertThat(internet.asked("/_matrix/x")).isEmpty();
  }

  private Script homeserver(ServerName name, SigningKey key, Instant validUntil, String date) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.put("server_name", name.value());
    keys.put("valid_until_ts", validUntil.toEpochMilli());
    keys.putObject("verify_keys").putObject(key.id().value()).put("key", key.publicKeyBase64());
    String signed = new String(MatrixJson.write(Signatures.sign(keys, name.value(), key)), UTF_8);
    return (asked, out) ->
        TestInternet.respond(
            out,
            200,
            "Date: " + date + "\r\n",
            asked.line().contains("/key/v2/server ")
                ? signed
                : "{\"server\": {\"name\": \"Example\", \"version\": \"1.2\\u001b\"}}");
  }

  @Test
  void aTraceTellsEachStepAndWhoAnswered() throws Exception {
    internet
        .dns
        .address("example.org", "93.184.216.10")
        .with("_matrix-fed._tcp.m.example.net", Type.SRV, "1 0 7777 t.example.com.")
        .address("t.example.com", ADDRESS);
    internet.serve(
        "93.184.216.10", 443, List.of("example.org"), TestInternet.wellKnown("m.example.net"));
    ServerName name = ServerName.parse("example.org");
    SigningKey key = key("ed25519:theirs", "2");
    internet.serve(
        ADDRESS,
        7777,
        List.of("m.example.net", "*.example.net"),
        homeserver(name, key, now.plus(Duration.ofDays(400)), "Sun, 01 Mar 2026 04:00:30 GMT"));

    NameTrace trace = client.trace(name);

    assertThat(trace.isGood()).as("%s", trace).isTrue();
    assertThat(trace.steps())
        .extracting(NameTrace.Step::what)
        .containsExactly(
            "what the configuration says",
            "https://example.org/.well-known/matrix/server",
            "SRV _matrix-fed._tcp.m.example.net",
            "GET /_matrix/key/v2/server at " + ADDRESS + " port 7777",
            "GET /_matrix/federation/v1/version");
    assertThat(trace.reached())
        .hasValueSatisfying(each -> {
          assertThat(each.address().getHostAddress()).isEqualTo(ADDRESS);
          assertThat(each.port()).isEqualTo(7777);
          assertThat(each.hostHeader()).isEqualTo("m.example.net");
          assertThat(each.certificate().orElseThrow().names())
              .containsExactly("m.example.net", "*.example.net");
          assertThat(each.certificate().orElseThrow().issuer()).contains("authority of the test");
          assertThat(each.keys())
              .containsExactly(
                  new NameTrace.Key(
                      "ed25519:theirs", key.publicKeyBase64(), now.plus(Duration.ofDays(7))));
          assertThat(each.software().orElseThrow()).startsWith("Example 1.2");
          assertThat(each.clockAhead()).contains(Duration.ofSeconds(30));
        });
  }

  @Test
  void aTraceShowsWhatIsWrong() throws Exception {
    assertThat(client.send(get())).isInstanceOf(FederationReply.NotReached.class);
    ServerName other = ServerName.parse("other.example");
    serve(homeserver(other, KEY, now.plus(Duration.ofDays(1)), "Sun, 01 Mar 2026 02:00:00 GMT"));

    NameTrace trace = client.trace(PEER);

    assertThat(trace.isGood()).isFalse();
    assertThat(trace.steps())
        .filteredOn(each -> each.what().equals("earlier attempts"))
        .singleElement()
        .satisfies(each -> assertThat(each.found()).contains("takes no connection"));
    assertThat(trace.steps())
        .filteredOn(each -> !each.good())
        .extracting(NameTrace.Step::found)
        .anySatisfy(each -> assertThat(each).contains("no key"))
        .anySatisfy(each -> assertThat(each).isEqualTo("it is 7200 s behind"));
    assertThat(trace.reached().orElseThrow().keys()).isEmpty();
    // Whoever answers is there.
    assertThat(client.failing()).isEmpty();
  }

  @Test
  void aTraceOfNobodyEndsWhereItEnds() throws Exception {
    NameTrace trace = client.trace(ServerName.parse("nobody.example"));

    assertThat(trace.isGood()).isFalse();
    assertThat(trace.reached()).isEmpty();
    assertThat(trace.steps().get(1).found()).startsWith("it need not be there, and could");
    assertThat(trace.steps().getLast().found()).contains("nobody.example cannot be found");
    assertThat(client.trace(ServerName.parse("blocked.example")).steps().getFirst().good())
        .isFalse();
    assertThat(client.trace(OWN).steps().getFirst().found()).contains("own name");
  }

  @Test
  void limitsAreThoseOfTheRequest() {
    FederationRequest request = get().withAnswer(5, Duration.ofSeconds(7));

    assertThat(request.limits().bodyBytes()).isEqualTo(5);
    assertThat(request.limits().whole()).isEqualTo(Duration.ofSeconds(7));
    assertThat(get().limits()).isEqualTo(Limits.defaults());
  }

  private static FederationReply streamed(FederationClient client, int most, byte[][] read)
      throws InterruptedException {
    return client.send(
        get().withAnswer(most, Duration.ofSeconds(20)), body -> read[0] = body.readAllBytes());
  }

  @Test
  void aLongAnswerGoesToWhoReadsIt() throws Exception {
    serve(TestInternet.json(200, "{\"a\":1}"));
    byte[][] read = new byte[1][];

    FederationReply reply = streamed(client, 100, read);

    assertThat(reply)
        .isInstanceOfSatisfying(
            FederationReply.Answer.class, each -> assertThat(each.body()).isEmpty());
    assertThat(read[0]).isEqualTo("{\"a\":1}".getBytes(UTF_8));
  }

  @Test
  void aLongAnswerIsBoundedWhileItIsRead() throws Exception {
    // Without a length in its head nothing but reading shows how long it is.
    serve((_, out) -> {
      out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(ISO_8859_1));
      for (int i = 0; i < 100; i++) {
        out.write("A\r\n0123456789\r\n".getBytes(ISO_8859_1));
        out.flush();
      }
      out.write("0\r\n\r\n".getBytes(ISO_8859_1));
    });
    byte[][] read = new byte[1][];

    FederationReply reply = streamed(client, 200, read);

    assertThat(reply)
        .isInstanceOfSatisfying(
            FederationReply.NotReached.class,
            each -> assertThat(each.why()).isInstanceOf(Failure.TooLarge.class));
    assertThat(read[0]).isNull();
  }

  @Test
  void whoRefusesIsNotReadByWhoWaitsForALongAnswer() throws Exception {
    serve(TestInternet.json(403, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"No\"}"));
    byte[][] read = new byte[1][];

    FederationReply reply = streamed(client, 1_000, read);

    assertThat(reply).isEqualTo(new FederationReply.Refused(403, "M_FORBIDDEN", "No"));
    assertThat(read[0]).isNull();
  }
}
