package org.hearth.server.outbound.events;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.server.matrix.checks.DropRule;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
@Tag("long")
class PeerEventsTest {
  private static final ServerName OWN = ServerName.parse("hearth.test");
  private static final ServerName PEER = ServerName.parse("peer.example:8448");
  private static final String ADDRESS = "93.184.216.20";
  private static final RoomId ROOM = RoomId.parse("!room:peer.example");
  private static final RoomId OTHER = RoomId.parse("!other:peer.example");
  private static final RoomVersion V11 = RoomVersions.of("11").orElseThrow();
  private static final UserId BOB = UserId.parse("@bob:peer.example");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private final Instant now = Instant.parse("2026-03-01T04:00:00Z");
  private final List<Set<WantedKey>> wanted = new CopyOnWriteArrayList<>();
  private TestInternet internet;
  private Outbound outbound;
  private PeerEvents events;

  @BeforeEach
  void start() throws Exception {
    internet = new TestInternet(folder);
    internet.dns.address("peer.example", ADDRESS);
    outbound = internet.outbound(() -> now);
    events = with(this::keys);
  }

  private PeerEvents with(PeerEvents.Keys keys) {
    return new PeerEvents(
        new FederationClient(
            outbound,
            new FederationClient.Identity(OWN, () -> TestKeys.of(OWN)),
            _ -> true,
            stores.store(),
            () -> now,
            new Random(7)),
        keys);
  }

  @AfterEach
  void stop() throws Exception {
    outbound.close();
    internet.close();
  }

  /// Servers of `.example` publish their keys, others do not.
  private CompletableFuture<ServerKeys> keys(Set<WantedKey> those) {
    wanted.add(those);
    return CompletableFuture.completedFuture((server, id) ->
        server.host().endsWith(".example") && id.equals(TestKeys.of(server).id())
            ? Optional.of(
                new PublishedKey.Current(
                    TestKeys.of(server).verifyKey(), now.toEpochMilli() + 1_000_000))
            : Optional.empty());
  }

  private void serve(String json) throws Exception {
    internet.serve(ADDRESS, 8448, List.of("peer.example"), TestInternet.json(200, json));
  }

  private Pdu event(RoomId room, UserId sender, String text, List<EventId> previous) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("type", "m.room.message");
    json.put("sender", sender.value());
    json.put("room_id", room.value());
    json.putObject("content").put("body", text);
    json.put("origin_server_ts", now.toEpochMilli());
    json.put("depth", 7);
    var prev = json.putArray("prev_events");
    previous.forEach(each -> prev.add(each.value()));
    json.putArray("auth_events");
    return Pdu.parse(
        EventSignatures.hashAndSign(json, V11, sender.server(), TestKeys.of(sender.server())), V11);
  }

  private Pdu event(String text) {
    return event(ROOM, BOB, text, List.of());
  }

  private static String list(String name, List<ObjectNode> events) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putArray(name).addAll(events);
    return new String(MatrixJson.write(json), UTF_8);
  }

  private static CheckedEvents got(Fetched fetched) {
    assertThat(fetched).isInstanceOf(Fetched.Got.class);
    return ((Fetched.Got) fetched).events();
  }

  private static List<String> rules(CheckedEvents checked) {
    return checked.dropped().stream().map(DroppedEvent::rule).toList();
  }

  @Test
  void eventsAreCheckedAndTheirSignersTold() throws Exception {
    Pdu good = event("good");

    CheckedEvents checked = events.check(ROOM, V11, List.of(good.json()));

    assertThat(checked.events()).containsExactly(good);
    assertThat(checked.signers()).isEqualTo(Map.of(good.eventId(), Set.of(BOB.server())));
    assertThat(checked.dropped()).isEmpty();
  }

  @Test
  void whatIsWrongCostsOnlyItself() throws Exception {
    List<ObjectNode> all = new ArrayList<>();
    List<Pdu> good = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      good.add(event("good " + i));
      all.add(good.getLast().json());
    }
    ObjectNode forged = event("forged").json().deepCopy();
    forged.withObject("/signatures/peer.example").put("ed25519:test", "A".repeat(86));
    ObjectNode deep = event("deep").json().deepCopy().put("depth", 1L << 53);
    Pdu ofNobody = event(ROOM, UserId.parse("@a:nowhere.test"), "no keys", List.of());
    all.add(3, forged);
    all.add(9, deep);
    all.add(12, event(OTHER, BOB, "of another room", List.of()).json());
    all.add(20, ofNobody.json());
    all.add(30, JsonNodeFactory.instance.objectNode());

    CheckedEvents checked = events.check(ROOM, V11, all);

    assertThat(checked.events()).containsExactlyElementsOf(good);
    assertThat(rules(checked))
        .containsExactlyInAnyOrder(
            "SIGNATURE_WRONG", "OUT_OF_RANGE", "OTHER_ROOM", "KEYS_UNKNOWN", "MEMBER_MISSING");
    assertThat(checked.dropped().stream().filter(DroppedEvent::lacksKeys))
        .extracting(DroppedEvent::event)
        .containsExactly(Optional.of(ofNobody.eventId()));
  }

  record NoEvent(String rule, Consumer<ObjectNode> change) {
    @Override
    public String toString() {
      return rule;
    }
  }

  static Stream<NoEvent> noEvents() {
    return Stream.of(
        new NoEvent("TOO_LARGE", json -> json.withObject("/content").put("x", "x".repeat(65_537))),
        new NoEvent("OUT_OF_RANGE", json -> json.put("depth", 1L << 53)),
        new NoEvent("OUT_OF_RANGE", json -> json.put("depth", Long.MAX_VALUE)),
        new NoEvent("OUT_OF_RANGE", json -> json.put("depth", -1)),
        new NoEvent("OUT_OF_RANGE", json -> json.put("origin_server_ts", 1L << 53)),
        new NoEvent("NOT_CANONICAL", json -> json.withObject("/content").put("n", 1L << 53)),
        new NoEvent("MEMBER_WRONG_TYPE", json -> json.put("depth", "5")),
        new NoEvent("MEMBER_WRONG_TYPE", json -> json.putNull("depth")),
        new NoEvent("MEMBER_MISSING", json -> json.remove("depth")),
        new NoEvent("MEMBER_WRONG_TYPE", json -> json.put("content", 5)),
        new NoEvent("BAD_IDENTIFIER", json -> json.put("sender", "nobody")),
        new NoEvent("BAD_IDENTIFIER", json -> json.putArray("prev_events").add("$x:peer.example")),
        new NoEvent("TOO_LARGE", json -> json.put("type", "x".repeat(256))));
  }

  /// Rows 4 and 73: what is no event is taken on no way on which others give events. It is signed
  /// as rooms of version 5 have it, which allows more numbers, and is as it should be but for one
  /// thing.
  @ParameterizedTest
  @MethodSource("noEvents")
  void whatIsNoEventComesInByNoWay(NoEvent each) throws Exception {
    ObjectNode bad = event("bad").json().deepCopy();
    var _ = bad.remove(List.of("hashes", "signatures"));
    each.change().accept(bad);
    RoomVersion five = RoomVersions.of("5").orElseThrow();
    ObjectNode signed =
        EventSignatures.hashAndSign(bad, five, BOB.server(), TestKeys.of(BOB.server()));
    String bytes = signed.toString();
    internet.serve(
        ADDRESS,
        8448,
        List.of("peer.example"),
        (asked, out) -> {
          String name = asked.line().contains("/event_auth/") ? "auth_chain" : "pdus";
          String list = asked.line().startsWith("POST") ? "events" : name;
          String rest = asked.line().contains("/state/") ? ",\"auth_chain\":[]" : "";
          TestInternet.json(200, "{\"%s\":[%s]%s}".formatted(list, bytes, rest)).answer(asked, out);
        });
    EventId id = event("any").eventId();

    List<CheckedEvents> ways =
        List.of(
            events.check(ROOM, V11, List.of(signed)),
            got(events.event(PEER, ROOM, V11, id)),
            got(events.eventAuth(PEER, ROOM, V11, id)),
            got(events.missing(PEER, ROOM, V11, List.of(), List.of(id), 5, 0)),
            got(events.backfill(PEER, ROOM, V11, List.of(id), 5)),
            ((FetchedState.Got) events.state(PEER, ROOM, V11, id)).events());

    assertThat(ways)
        .allSatisfy(way -> {
          assertThat(way.events()).isEmpty();
          assertThat(rules(way)).containsOnly(each.rule());
        });
  }

  @Test
  void anEventWithAnotherContentIsRedacted() throws Exception {
    Pdu event = event("original");
    ObjectNode changed = event.json().deepCopy();
    changed.withObject("/content").put("body", "changed");

    CheckedEvents checked = events.check(ROOM, V11, List.of(changed));

    assertThat(checked.events()).containsExactly(event);
    assertThat(checked.events().getFirst().content()).isEmpty();
    assertThat(events.check(ROOM, V11, List.of(changed, event.json(), changed)).events())
        .singleElement()
        .satisfies(each -> assertThat(each.content().path("body").asText()).isEqualTo("original"));
  }

  @Test
  void allKeysAreAskedForAtOnceAndNotMoreThanSoMany() throws Exception {
    List<ObjectNode> all = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      UserId sender = UserId.parse("@u:server" + i + ".example");
      ObjectNode json = event(ROOM, sender, "hello", List.of()).json().deepCopy();
      ObjectNode signatures = json.withObject("/signatures/" + sender.server().value());
      for (int k = 0; k < 100; k++) {
        signatures.put("ed25519:more" + k, "A".repeat(86));
      }
      all.add(json);
    }

    assertThat(events.check(ROOM, V11, all).events()).hasSize(30);
    assertThat(wanted)
        .singleElement()
        .satisfies(keys -> {
          assertThat(keys).hasSize(30 * EventChecks.MOST_KEYS);
          assertThat(keys)
              .allSatisfy(key -> assertThat(key.validUntilTs()).isEqualTo(now.toEpochMilli()));
        });
  }

  @Test
  void nobodyWaitsForTheKeysOfAnother() throws Exception {
    Pdu prompt = event("prompt");
    Pdu late = event(ROOM, UserId.parse("@a:slow.example"), "late", List.of());
    PeerEvents slow =
        with(those ->
            those.stream().anyMatch(each -> each.server().host().equals("slow.example"))
                ? new CompletableFuture<>()
                : keys(those));

    PromptCheck check = slow.verifyAtHand(List.of(late, prompt));

    assertThat(check.checked().events()).containsExactly(prompt);
    assertThat(check.later()).containsExactly(late);
  }

  @Test
  void anEventThatWasNotAskedForIsDropped() throws Exception {
    Pdu asked = event("asked for");
    Pdu other = event("not asked for");
    serve(list("pdus", List.of(other.json())));

    CheckedEvents got = got(events.event(PEER, ROOM, V11, asked.eventId()));

    assertThat(got.events()).isEmpty();
    assertThat(rules(got)).containsExactly(DroppedEvent.NOT_ASKED);
    assertThat(internet.asked().getFirst().line())
        .isEqualTo(
            "GET /_matrix/federation/v1/event/%s HTTP/1.1"
                .formatted(asked.eventId().value().replace("$", "%24")));
  }

  @Test
  void missingEventsAreAskedForAndNoMoreTakenThanAskedFor() throws Exception {
    List<ObjectNode> all = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      all.add(event("number " + i).json());
    }
    serve(list("events", all));
    EventId have = event("have").eventId();
    EventId latest = event("latest").eventId();

    CheckedEvents got =
        got(events.missing(PEER, ROOM, V11, List.of(have), List.of(latest), 20, -5));

    assertThat(got.events()).hasSize(20);
    ObjectNode body = MatrixJson.parseObject(internet.asked().getFirst().body().getBytes(UTF_8));
    assertThat(body.path("earliest_events").path(0).asText()).isEqualTo(have.value());
    assertThat(body.path("latest_events").path(0).asText()).isEqualTo(latest.value());
    assertThat(body.path("limit").asInt()).isEqualTo(20);
    assertThat(body.path("min_depth").asInt()).isZero();
  }

  @Test
  void aBackfillNamesTheEventsItBeginsWith() throws Exception {
    Pdu event = event("old");
    serve(list("pdus", List.of(event.json())));

    CheckedEvents got = got(events.backfill(PEER, ROOM, V11, List.of(event.eventId()), 1_000_000));

    assertThat(got.events()).containsExactly(event);
    assertThat(internet.asked().getFirst().line())
        .contains(
            "/backfill/%21room%3Apeer.example?v=%24", "&limit=" + PeerEvents.MOST_EVENTS + " HTTP");
  }

  /// "The response of backfill MUST NOT be validated on these specific restrictions. … The events
  /// should be rejected per usual by the `/send`, `/get_missing_events`, and remaining endpoints."
  @Test
  void historyMayCiteMoreThanEventsMayNow() throws Exception {
    List<EventId> many = new ArrayList<>();
    for (int i = 0; i <= PduFormat.MAX_PREV_EVENTS; i++) {
      many.add(event("before " + i).eventId());
    }
    ObjectNode old = event("old").json().deepCopy();
    old.remove(List.of("hashes", "signatures"));
    many.forEach(each -> old.withArray("prev_events").add(each.value()));
    ObjectNode signed =
        EventSignatures.hashAndSign(old, V11, BOB.server(), TestKeys.of(BOB.server()));
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.putArray("pdus").add(signed);
    answer.putArray("events").add(signed);
    serve(new String(MatrixJson.write(answer), UTF_8));

    CheckedEvents history = got(events.backfill(PEER, ROOM, V11, many, 10));
    CheckedEvents missing = got(events.missing(PEER, ROOM, V11, List.of(), many, 10, 0));

    assertThat(history.events())
        .singleElement()
        .satisfies(each -> assertThat(each.prevEvents()).isEqualTo(many));
    Pdu kept = history.events().getFirst();
    assertThat(Pdu.restore(kept.eventId(), kept.canonicalBytes(), V11).prevEvents())
        .isEqualTo(many);
    assertThat(missing.events()).isEmpty();
    assertThat(missing.dropped())
        .extracting(DroppedEvent::rule)
        .containsExactly(DropRule.TOO_MANY_REFERENCES.name());
  }

  @Test
  void aStateIsWhatHasPassedOfIt() throws Exception {
    Pdu one = event("one");
    Pdu two = event("two");
    Pdu chain = event("of the chain");
    ObjectNode forged = event("forged").json().deepCopy();
    forged.withObject("/signatures/peer.example").put("ed25519:test", "A".repeat(86));
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.putArray("pdus").add(one.json()).add(forged).add(two.json()).add(one.json()).add(5);
    answer.putArray("auth_chain").add(chain.json()).add(two.json());
    serve(new String(MatrixJson.write(answer), UTF_8));

    FetchedState state = events.state(PEER, ROOM, V11, one.eventId());

    assertThat(state)
        .isInstanceOfSatisfying(
            FetchedState.Got.class,
            got -> {
              assertThat(got.state()).containsExactly(one.eventId(), two.eventId());
              assertThat(got.events().events()).containsExactlyInAnyOrder(one, two, chain);
              assertThat(rules(got.events()))
                  .containsExactlyInAnyOrder("SIGNATURE_WRONG", "NOT_JSON");
            });
  }

  @Test
  void idsOfAStateAreEachOnce() throws Exception {
    EventId one = event("one").eventId();
    EventId two = event("two").eventId();
    serve(
        "{\"pdu_ids\":[\"%s\",\"%s\",\"%s\"],\"auth_chain_ids\":[\"%s\"]}"
            .formatted(one, two, one, two));

    assertThat(events.stateIds(PEER, ROOM, one))
        .isEqualTo(new FetchedIds.Got(List.of(one, two), List.of(two)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"pdu_ids\":{},\"auth_chain_ids\":[]}",
        "{\"pdu_ids\":[5],\"auth_chain_ids\":[]}",
        "{\"pdu_ids\":[\"no id\"],\"auth_chain_ids\":[]}",
        "{\"pdu_ids\":[],\"events\":\"x\",\"pdus\":null,\"auth_chain\":7}"
      })
  void anAnswerOfAnotherShapeIsNone(String json) throws Exception {
    serve(json);
    EventId id = event("any").eventId();
    Map<String, Object> answers = new HashMap<>();
    answers.put("ids", events.stateIds(PEER, ROOM, id));
    answers.put("state", events.state(PEER, ROOM, V11, id));
    answers.put("event", events.event(PEER, ROOM, V11, id));
    answers.put("auth", events.eventAuth(PEER, ROOM, V11, id));
    answers.put("missing", events.missing(PEER, ROOM, V11, List.of(), List.of(id), 5, 0));

    assertThat(answers.values())
        .allSatisfy(each -> assertThat(each).asString().contains("NotGot[reply=Unintelligible"));
  }

  @Test
  void whoIsNotThereGivesNothing() throws Exception {
    assertThat(events.event(PEER, ROOM, V11, event("any").eventId()))
        .isInstanceOfSatisfying(
            Fetched.NotGot.class,
            not -> assertThat(not.reply()).isInstanceOf(FederationReply.NotReached.class));
  }
}
