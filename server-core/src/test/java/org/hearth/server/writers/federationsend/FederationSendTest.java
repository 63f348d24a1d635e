package org.hearth.server.writers.federationsend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.services.staging.PeerRejection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Transactions of other servers, right and wrong.
@Timeout(120)
class FederationSendTest extends WithPeers {
  private List<String> rules(String origin) {
    return server.rejections().of(ServerName.parse(origin)).stream()
        .map(PeerRejection::rule)
        .toList();
  }

  @Test
  void whatAServerSendsIsShown() {
    Pdu event = says(bob, "Hello");

    assertThat(send(peer, event).path(event.eventId().value()).isEmpty()).isTrue();

    awaitShown(event);
  }

  @Test
  void theSameTransactionCountsOnce() {
    Pdu event = says(bob, "Hello");
    Pdu later = says(bob, "Not taken");
    ObjectNode body = transaction(List.of(event.json()), List.of());
    TestClient.Answer first = put(peer, "the-one", body).expect(200);
    awaitShown(event);

    TestClient.Answer again = put(peer, "the-one", body).expect(200);
    var _ = put(peer, "the-one", transaction(List.of(later.json()), List.of())).expect(200);

    assertThat(again.json()).isEqualTo(first.json());
    // Another server's transaction of the same name is another.
    server.membership(room, other.user("carol"), "join");
    Pdu ofOther = says(other.user("carol"), "Hello too");
    put(other, "the-one", transaction(List.of(ofOther.json()), List.of())).expect(200);
    awaitShown(ofOther);
    assertThat(server.rooms().event(later.eventId())).isEmpty();
  }

  @Test
  void theSameTransactionAtTheSameTimeCountsOnce() throws Exception {
    List<Pdu> events = chain(bob, 20);
    ObjectNode body = transaction(events.stream().map(Pdu::json).toList(), List.of());
    CountDownLatch go = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<JsonNode>> answers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Callable<JsonNode> once =
            () -> {
              go.await();
              return put(peer, "twice", body).expect(200).json();
            };
        answers.add(threads.submit(once));
      }
      go.countDown();
      for (Future<JsonNode> each : answers) {
        assertThat(each.get()).isEqualTo(answers.getFirst().get());
      }
    }
    awaitShown(events);
  }

  @Test
  void whatIsStagedSurvivesARestart() throws Exception {
    // The keys cannot be had, so that the event stays where it is.
    peer.withoutKeys();
    Pdu event = says(bob, "Hello");
    send(peer, event);
    peer.tellKeys();

    restart();

    awaitShown(event);
  }

  @Test
  void aTransactionHasItsLimits() {
    List<ObjectNode> many = new ArrayList<>();
    for (int i = 0; i < 51; i++) {
      many.add(JsonNodeFactory.instance.objectNode().put("edu_type", "x"));
    }
    put(peer, "a", transaction(many, List.of())).expect(400, "M_BAD_JSON");
    many.addAll(List.copyOf(many));
    put(peer, "b", transaction(List.of(), many)).expect(400, "M_BAD_JSON");
    put(peer, "c", JsonNodeFactory.instance.objectNode().put("pdus", 5)).expect(400, "M_BAD_JSON");
    put(peer, "d", JsonNodeFactory.instance.objectNode().put("edus", "x"))
        .expect(400, "M_BAD_JSON");
    put(peer, "x".repeat(256), transaction(List.of(), List.of())).expect(400, "M_INVALID_PARAM");
    put(peer, "e", JsonNodeFactory.instance.objectNode()).expect(200);
  }

  private static ObjectNode with(Pdu event, String name, JsonNode value) {
    ObjectNode json = event.json().deepCopy();
    json.set(name, value);
    return json;
  }

  /// Rows 73, 77, 89 and 90 of the list of known attacks.
  @Test
  void whatIsWrongCostsOnlyItself() {
    List<Pdu> good = chain(bob, 20);
    Pdu bad = says(bob, "bad");
    List<JsonNode> wrong =
        List.of(
            with(bad, "depth", new BigIntegerNode(BigInteger.TWO.pow(53))),
            with(bad, "depth", new BigIntegerNode(BigInteger.TWO.pow(64))),
            with(bad, "depth", IntNode.valueOf(-1)),
            with(bad, "depth", TextNode.valueOf("5")),
            with(bad, "depth", NullNode.instance),
            with(bad, "prev_events", TextNode.valueOf("x")),
            with(
                bad,
                "prev_events",
                JsonNodeFactory.instance.arrayNode().add("$" + "x".repeat(10_000))),
            with(bad, "auth_events", JsonNodeFactory.instance.arrayNode().add("$é")),
            with(bad, "sender", TextNode.valueOf("nobody")),
            with(bad, "content", TextNode.valueOf("x".repeat(66_000))),
            with(bad, "room_id", IntNode.valueOf(5)),
            with(bad, "type", TextNode.valueOf("x".repeat(256))),
            JsonNodeFactory.instance.objectNode(),
            TextNode.valueOf("text"),
            NullNode.instance);
    List<JsonNode> all = new ArrayList<>(wrong);
    good.forEach(each -> all.add(each.json()));
    Collections.shuffle(all, new Random(7));

    JsonNode results = sendJson(peer, all, List.of());

    awaitShown(good);
    for (Pdu each : good) {
      assertThat(results.path(each.eventId().value()).isEmpty()).isTrue();
    }
    assertThat(server.rooms().event(bad.eventId())).isEmpty();
    assertThat(rules(peer.name().value())).hasSizeGreaterThan(8);
  }

  private static JsonNode nested(int depth) {
    JsonNode node = JsonNodeFactory.instance.arrayNode();
    for (int i = 1; i < depth; i++) {
      node = JsonNodeFactory.instance.arrayNode().add(node);
    }
    return node;
  }

  private Pdu deep(int depth) {
    return server.event(
        room, bob, EventTypes.MESSAGE, null, "{'body':%s}".formatted(nested(depth - 2)));
  }

  /// An event has the depth that it may have, whatever is around it.
  @Test
  void aDeepEventCostsNoMoreThanItself() {
    Pdu deepest = deep(100);
    ObjectNode deeper = says(bob, "deeper").json().deepCopy();
    deeper.set("content", JsonNodeFactory.instance.objectNode().set("body", nested(99)));
    Pdu good = says(bob, "good");

    sendJson(peer, List.of(deepest.json(), deeper, good.json()), List.of());

    awaitShown(deepest, good);
    put(peer, "deep", transaction(List.of(nested(900)), List.of())).expect(200);
  }

  /// Row 78.
  @Test
  void eventsInAnyOrderAreAllTaken() {
    List<Pdu> events = chain(bob, 50);
    List<Pdu> shuffled = new ArrayList<>(events);
    Collections.shuffle(shuffled, new Random(7));

    send(peer, shuffled);

    awaitShown(events);
    assertThat(server.rooms().forwardExtremities(room)).containsExactly(events.getLast().eventId());
  }

  /// Rows 7 and 8: also in another's transaction an event is signed by its sender's server.
  @Test
  void aForgedEventIsDropped() {
    Pdu event = says(bob, "forged");
    ObjectNode unsigned = event.json().deepCopy();
    unsigned.remove("signatures");
    unsigned.remove("hashes");
    ObjectNode forged =
        EventSignatures.hashAndSign(
            unsigned, event.version(), other.name(), TestKeys.of(other.name()));
    ObjectNode byWrongKey =
        EventSignatures.hashAndSign(
            unsigned, event.version(), peer.name(), TestKeys.named("somebody else"));
    server.membership(room, other.user("carol"), "join");
    Pdu good = says(other.user("carol"), "good");

    sendJson(other, List.of(forged, byWrongKey, good.json()), List.of());

    awaitShown(good);
    await(() -> rules(other.name().value()).size() == 1);
    assertThat(rules(other.name().value())).doesNotContain("INCOMPLETE");
    assertThat(server.rooms().event(event.eventId())).isEmpty();
    // The same event, signed, is not kept out by what was forged.
    send(peer, event);
    awaitShown(event);
  }

  @Test
  void whoTheRoomDoesNotAllowIsToldSo() {
    server.membership(room, other.user("carol"), "join");
    var _ =
        alice
            .put(
                "/_matrix/client/v3/rooms/%s/state/m.room.server_acl/"
                    .formatted(TestClient.encoded(room.value())),
                "{'allow':['*'],'deny':['LOCAL*']}")
            .expect(200);
    Pdu event = says(bob, "not heard");

    JsonNode results = send(peer, event);

    assertThat(results.path(event.eventId().value()).path("error").asText()).contains("allowed");
    assertThat(server.rooms().event(event.eventId())).isEmpty();
  }

  @Test
  void roomsInWhichNobodyIsDoNotConcernThisServer() {
    Pdu event = says(bob, "Hello");
    ObjectNode elsewhere = with(event, "room_id", TextNode.valueOf("!nowhere:peer.test"));

    assertThat(sendJson(peer, List.of(elsewhere), List.of())).isEmpty();

    var _ =
        alice
            .post(
                "/_matrix/client/v3/rooms/%s/leave".formatted(TestClient.encoded(room.value())),
                "{}")
            .expect(200);
    assertThat(send(peer, event).path(event.eventId().value()).has("error")).isTrue();
    assertThat(server.rooms().event(event.eventId())).isEmpty();
  }

  @Test
  void whatTheRulesDoNotAllowIsRememberedForTheOperator() {
    Pdu takeover =
        server.event(room, bob, EventTypes.POWER_LEVELS, "", "{'users':{'" + bob + "':100}}");

    send(peer, takeover);

    await(() -> !server.rejections().of(peer.name()).isEmpty());
    assertThat(server.rejections().newest(10))
        .singleElement()
        .satisfies(each -> {
          assertThat(each.origin()).isEqualTo(peer.name());
          assertThat(each.event()).contains(takeover.eventId());
          assertThat(each.room()).isEqualTo(room);
          assertThat(each.rule()).isNotEmpty();
        });
    assertThat(server.admin().peers().refused(Optional.of(" " + peer.name())))
        .isEqualTo(server.admin().peers().refused(Optional.empty()))
        .singleElement()
        .satisfies(each -> {
          assertThat(each.server()).isEqualTo(peer.name().value());
          assertThat(each.event()).isEqualTo(takeover.eventId().value());
        });
    assertThat(server.admin().peers().refused(Optional.of(other.name().value()))).isEmpty();
  }

  @Test
  void manyRoomsAreWorkedOnAtOnce() {
    Map<RoomId, Pdu> events =
        Stream.generate(this::room)
            .limit(16)
            .collect(
                Collectors.toMap(
                    each -> each,
                    each -> {
                      server.membership(each, bob, "join");
                      return server.event(each, bob, EventTypes.MESSAGE, null, "{'body':'x'}");
                    }));

    send(peer, List.copyOf(events.values()));

    awaitShown(List.copyOf(events.values()));
  }

  static List<EventId> ids(List<Pdu> events) {
    return events.stream().map(Pdu::eventId).toList();
  }
}
