package org.hearth.server.writers.federationsend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.outbound.SignedPeer.Said;
import org.hearth.server.servers.room.EventStatus;
import org.hearth.server.services.staging.PeerRejection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A room that uses a policy server, as its users and other servers find it.
@Timeout(120)
class PolicyServersTest extends WithPeers {
  private static final String SIGN = "/policy/v1/sign";
  private static final KeyId KEY_ID = KeyId.parse("ed25519:policy_server");
  private static final SigningKey KEY = TestKeys.named("policies");

  /// What the policy server does not want in the room.
  private static final String SPAM = "spam";

  @BeforeEach
  void beginToUseIt() {
    server.membership(room, other.user("ward"), "join");
    other.says(SIGN, this::judged);
    peer.on("/federation/v1/send/", _ -> JsonNodeFactory.instance.objectNode());
    setPolicy(policy()).expect(200);
  }

  private ObjectNode policy() {
    ObjectNode content = JsonNodeFactory.instance.objectNode().put("via", other.name().value());
    content.putObject("public_keys").put("ed25519", KEY.publicKeyBase64());
    return content;
  }

  private TestClient.Answer setPolicy(ObjectNode content) {
    return alice.put(inRoom("state/m.room.policy"), content.toString());
  }

  private String inRoom(String what) {
    return "/_matrix/client/v3/rooms/" + TestClient.encoded(room.value()) + "/" + what;
  }

  private Said judged(TestHomeserver.Asked asked) {
    return asked.body().toString().contains(SPAM)
        ? new Said(400, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no canned meat\"}")
        : signature(asked);
  }

  private Said signature(TestHomeserver.Asked asked) {
    ObjectNode signed =
        EventSignatures.sign(
            asked.body(), RoomVersions.V11, other.name(), new SigningKey(KEY_ID, seed()));
    // "Only the Policy Server's signature is returned."
    return Said.ok(
        "{'%s':{'%s':'%s'}}"
            .formatted(
                other.name(),
                KEY_ID.value(),
                signed.at("/signatures").get(other.name().value()).get(KEY_ID.value()).asText()));
  }

  private static byte[] seed() {
    return Arrays.copyOf("policies".getBytes(UTF_8), SigningKey.SEED_BYTES);
  }

  private boolean isSigned(EventId event) {
    Pdu pdu = server.known(event).pdu();
    return EventSignatures.verify(
            pdu.json(),
            pdu.version(),
            other.name(),
            id -> id.equals(KEY_ID) ? Optional.of(KEY.verifyKey()) : Optional.empty())
        .isValid();
  }

  private TestClient.Answer says(String text, int transaction) {
    return alice.put(inRoom("send/m.room.message/" + transaction), "{'body':'%s'}".formatted(text));
  }

  private static EventId id(TestClient.Answer answer) {
    return EventId.parse(answer.expect(200).text("event_id"));
  }

  private boolean isSoftFailed(Pdu event) {
    return server.rooms().status(event.eventId()).filter(EventStatus::softFailed).isPresent();
  }

  private Pdu signedByPolicy(Pdu event) {
    return Pdu.parse(
        EventSignatures.sign(
            event.json(), event.version(), other.name(), new SigningKey(KEY_ID, seed())),
        event.version());
  }

  @Test
  void whatPeopleSendIsSignedFirst() {
    EventId message = id(says("Hello", 1));
    EventId topic = id(alice.put(inRoom("state/m.room.topic"), "{'topic':'all'}"));
    EventId redaction = id(alice.put(inRoom("redact/" + message.value() + "/2"), "{}"));
    alice
        .put("/_matrix/client/v3/profile/@alice:hearth.test/displayname", "{'displayname':'Al'}")
        .expect(200);
    EventId named =
        server
            .rooms()
            .currentState(room)
            .orElseThrow()
            .events(List.of(StateKey.member("@alice:hearth.test")))
            .getFirst()
            .id();

    for (EventId each : List.of(message, topic, redaction, named)) {
      assertThat(isSigned(each)).as("%s is signed", each).isTrue();
      assertThat(TestKeys.isSignedBy(server.known(each).pdu(), other.name())).isFalse();
    }
    assertThat(server.known(named).pdu().content().path("displayname").asText()).isEqualTo("Al");
    assertThat(server.known(message).redactedBecause()).isNotNull();
    // "This endpoint MUST NOT be called for events which have a type of m.room.policy and an empty
    // string state_key."
    assertThat(other.asked(SIGN))
        .extracting(each -> each.body().path("type").asText())
        .containsExactly(
            EventTypes.MESSAGE, EventTypes.TOPIC, EventTypes.REDACTION, EventTypes.MEMBER);
    assertThat(other.asked(SIGN).getFirst().body().at("/signatures/hearth.test")).isNotEmpty();
    // The other servers in the room get them with both signatures.
    await(() ->
        peer.asked("/federation/v1/send/").stream()
            .flatMap(each -> each.body().path("pdus").valueStream())
            .anyMatch(each ->
                each.at("/content/topic").asText().equals("all")
                    && each.path("signatures").path(other.name().value()).has(KEY_ID.value())
                    && each.path("signatures").has("hearth.test")));
  }

  @Test
  void whatThePolicyServerRefusesIsNotSent() {
    List<EventId> before = server.rooms().forwardExtremities(room);

    TestClient.Answer refused = says("some " + SPAM, 1).expect(400, "M_FORBIDDEN");

    assertThat(refused.text("error")).isEqualTo("no canned meat");
    assertThat(server.rooms().forwardExtremities(room)).isEqualTo(before);
    // Nothing is left in the way of another attempt under the same transaction id.
    assertThat(isSigned(id(says("no meat", 1)))).isTrue();
  }

  @Test
  void aRefusalLogsNobodyOut() {
    other.says(SIGN, _ -> new Said(401, "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"error\":\"who?\"}"));

    says("Hello", 1).expect(403, "M_FORBIDDEN");
  }

  @Test
  void aSignatureByAnotherKeyIsNone() {
    other.says(
        SIGN,
        _ ->
            Said.ok(
                "{'%s':{'%s':'%s'}}"
                    .formatted(other.name(), KEY_ID.value(), UnpaddedBase64.encode(new byte[64]))));

    says("Hello", 1).expect(502);
  }

  /// "The `m.room.policy` state event can be set *without* consulting the Policy Server. This in
  /// effect allows users with appropriate power levels to wipe the content of `m.room.policy`,
  /// disabling the Policy Server immediately."
  @Test
  void aRoomGetsRidOfAPolicyServerThatIsGone() throws IOException {
    other.close();
    says("Hello", 1).expect(502);

    setPolicy(JsonNodeFactory.instance.objectNode()).expect(200);

    assertThat(isShown(id(says("Hello", 1)))).isTrue();
  }

  @Test
  void aPolicyServerThatLeavesIsNotUsed() {
    Pdu leave =
        signedByPolicy(
            server.event(
                room,
                other.user("ward"),
                EventTypes.MEMBER,
                other.user("ward"),
                "{'membership':'leave'}"));
    send(other, leave);
    awaitShown(leave);
    int asked = other.asked(SIGN).size();

    EventId event = id(says("some " + SPAM, 1));

    assertThat(isSigned(event)).isFalse();
    assertThat(other.asked(SIGN)).hasSize(asked);
  }

  /// The event follows what was there when it was made; the room has gone on meanwhile.
  @Test
  void theRoomGoesOnWhileTheyWait() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    other.says(
        SIGN,
        request -> {
          asked.countDown();
          goOn.await();
          return signature(request);
        });
    EventId elsewhere;
    Pdu ofBob = signedByPolicy(says(bob, "quicker"));
    EventId mine;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var sent = CompletableFuture.supplyAsync(() -> id(says("Hello", 1)), threads);
      asked.await();
      send(peer, ofBob);
      awaitShown(ofBob);
      RoomId another = room();
      elsewhere =
          id(
              alice.put(
                  "/_matrix/client/v3/rooms/%s/send/m.room.message/1"
                      .formatted(TestClient.encoded(another.value())),
                  "{'body':'Hello'}"));
      goOn.countDown();
      mine = sent.get(60, TimeUnit.SECONDS);
    }

    assertThat(isShown(elsewhere)).isTrue();
    assertThat(isShown(mine)).isTrue();
    assertThat(server.rooms().forwardExtremities(room))
        .containsExactlyInAnyOrder(mine, ofBob.eventId());
    assertThat(id(says("Hello", 1))).isEqualTo(mine);
    EventId next = id(says("and on", 2));
    assertThat(server.known(next).pdu().prevEvents())
        .containsExactlyInAnyOrder(mine, ofBob.eventId());
    assertThat(alice.get(inRoom("messages?dir=b&limit=3")).expect(200).json().at("/chunk"))
        .extracting(each -> each.path("unsigned").path("transaction_id").asText(""))
        .containsExactly("2", "1", "");
  }

  /// Who is banned while the policy server looks at an event has not sent it.
  @Test
  void anEventIsJudgedOnceMoreWhenItIsSigned() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    TestClient carol = server.register("carol");
    carol.post(inRoom("join"), "{}").expect(200);
    other.says(
        SIGN,
        request -> {
          if (request.body().path("sender").asText().startsWith("@carol")) {
            asked.countDown();
            goOn.await();
          }
          return signature(request);
        });
    List<EventId> before;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var sent =
          CompletableFuture.supplyAsync(
              () -> carol.put(inRoom("send/m.room.message/1"), "{'body':'Hello'}"), threads);
      asked.await();
      alice.post(inRoom("ban"), "{'user_id':'@carol:hearth.test'}").expect(200);
      before = server.rooms().forwardExtremities(room);
      goOn.countDown();
      sent.get(60, TimeUnit.SECONDS).expect(403, "M_FORBIDDEN");
    }

    assertThat(server.rooms().forwardExtremities(room)).isEqualTo(before);
  }

  @Test
  void whatOthersHaveHadSignedIsTakenAsItIs() {
    Pdu event = signedByPolicy(says(bob, "Hello, " + SPAM));

    send(peer, event);

    awaitShown(event);
    assertThat(other.asked(SIGN)).isEmpty();
  }

  /// "If the Policy Server's signature is invalid or missing, the homeserver SHOULD ask for a new
  /// signature."
  @Test
  void whatOthersHaveNotHadSignedIsSignedHere() {
    List<Pdu> events = new ArrayList<>(chain(bob, 30));
    // A signature of the policy server's, by the key that it signs its own events with.
    Pdu ofWard = says(other.user("ward"), "Hello", List.of(events.getLast().eventId()));

    events.add(ofWard);

    send(peer, events);

    awaitShown(events);
    assertThat(events).allMatch(each -> isSigned(each.eventId()));
    assertThat(isSigned(ofWard.eventId())).isTrue();
    assertThat(TestKeys.isSignedBy(server.known(ofWard.eventId()).pdu(), other.name())).isFalse();
    assertThat(
            server.known(ofWard.eventId()).pdu().json().at("/signatures").get(other.name().value()))
        .hasSize(2);
  }

  /// "If the event was received over federation [...], soft fail the event."
  @Test
  void whatThePolicyServerDoesNotWantIsSoftFailed() {
    Pdu bad = says(bob, "some " + SPAM);
    Pdu good = says(bob, "Hello", List.of(bad.eventId()));

    send(peer, bad, good);

    awaitShown(good);
    assertThat(isSoftFailed(bad)).isTrue();
    assertThat(isShown(bad.eventId())).isFalse();
    await(() ->
        server.rejections().of(peer.name()).stream()
            .map(PeerRejection::rule)
            .anyMatch("SOFT_FAILED: POLICY_SERVER"::equals));
  }

  /// How deep an event is says its maker.
  @Test
  void whatSaysThatItIsLongPastIsSoftFailedAsWell() {
    Pdu bad = bent(says(bob, "some " + SPAM), json -> json.put("depth", 0));
    Pdu good = says(bob, "Hello", List.of(bad.eventId()));
    peer.on("get_missing_events", _ -> TestHomeserver.pdus("events", List.of(bad)));

    send(peer, good);

    awaitShown(good);
    assertThat(isSoftFailed(bad)).isTrue();
  }

  @Test
  void whatCannotBeSignedIsSoftFailed() throws IOException {
    other.close();
    Pdu event = says(bob, "Hello");

    send(peer, event);

    await(() -> isSoftFailed(event));
  }

  /// Another server's events in other rooms are judged, and fetched, while it waits.
  @Test
  void aSlowPolicyServerHoldsUpNoOtherRoom() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    other.says(
        SIGN,
        request -> {
          goOn.await();
          return signature(request);
        });
    Pdu waiting = says(bob, "Hello");
    send(peer, waiting);
    await(() -> !other.asked(SIGN).isEmpty());
    RoomId used = room;
    for (int i = 0; i < OriginLanes.MOST_OF_ONE; i++) {
      room = room();
      server.membership(room, bob, "join");
      List<Pdu> events = chain(bob, 2);
      peer.on("get_missing_events", _ -> TestHomeserver.pdus("events", events.subList(0, 1)));

      send(peer, events.getLast());

      awaitShown(events);
    }

    assertThat(isShown(waiting.eventId())).isFalse();
    goOn.countDown();
    room = used;
    awaitShown(waiting);
  }

  /// What was rejected for want of an event is judged again when that comes, and is no way around
  /// the policy server; nor is it if others follow it by then.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsAcceptedLaterIsNotRecommendedEither(boolean followed) {
    other.says(SIGN, _ -> new Said(400, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"));
    Pdu topic = server.event(room, bob, EventTypes.MEMBER, bob, "{'membership':'join','x':1}");
    ObjectNode json = says(bob, "Hello").json().deepCopy();
    json.remove(List.of("signatures", "hashes"));
    var auth = json.putArray("auth_events");
    auth.add(
        server
            .rooms()
            .currentState(room)
            .orElseThrow()
            .event(EventTypes.CREATE)
            .orElseThrow()
            .id()
            .value());
    auth.add(
        server
            .rooms()
            .currentState(room)
            .orElseThrow()
            .event(EventTypes.POWER_LEVELS)
            .orElseThrow()
            .id()
            .value());
    auth.add(topic.eventId().value());
    Pdu message =
        Pdu.parse(
            EventSignatures.hashAndSign(
                json, RoomVersions.V11, peer.name(), TestKeys.of(peer.name())),
            RoomVersions.V11);
    server.receiveWithout(message, topic.eventId());
    assertThat(server.rooms().status(message.eventId()).orElseThrow().rejected()).isTrue();
    Pdu next = signedByPolicy(says(bob, "Hello again", List.of(message.eventId())));
    if (followed) {
      server.receive(List.of(next), List.of());
    }
    assertThat(isShown(next.eventId())).isEqualTo(followed);

    server.receive(List.of(), List.of(topic));

    assertThat(isSoftFailed(message)).isTrue();
    assertThat(isShown(message.eventId())).isFalse();
  }

  @Test
  void whoComesThroughUsIsSignedHere() {
    String carol = peer.user("carol");
    Pdu join = server.event(room, carol, EventTypes.MEMBER, carol, "{'membership':'join'}");
    Pdu unwanted =
        server.event(
            room, carol, EventTypes.MEMBER, carol, "{'membership':'join','displayname':'spam'}");

    sendJoin(unwanted).expect(403, "M_FORBIDDEN");
    sendJoin(join).expect(200);

    assertThat(server.rooms().event(unwanted.eventId())).isEmpty();
    assertThat(isSigned(join.eventId())).isTrue();
  }

  private TestClient.Answer sendJoin(Pdu join) {
    return server
        .client()
        .as(peer.peer())
        .put(
            "/_matrix/federation/v2/send_join/%s/%s"
                .formatted(
                    TestClient.encoded(room.value()), TestClient.encoded(join.eventId().value())),
            join.json().toString());
  }

  @Test
  void thisServerIsNone() {
    Pdu event = says(bob, "Hello");

    server
        .client()
        .as(peer.peer())
        .post("/_matrix/policy/v1/sign", event.json().toString())
        .expect(404, "M_UNRECOGNIZED");
  }
}
