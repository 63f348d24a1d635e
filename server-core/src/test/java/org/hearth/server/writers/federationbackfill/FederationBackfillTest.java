package org.hearth.server.writers.federationbackfill;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.outbound.SignedPeer;
import org.hearth.server.outbound.SignedPeer.Said;
import org.hearth.server.outbound.events.CheckedEvents;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.serverkeys.ServerKeyService;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What is fetched of the history of a room that another server has, and what is not.
@Timeout(120)
@Tag("long")
class FederationBackfillTest {
  private static final String V1 = "/_matrix/federation/v1";
  private static final String BACKFILL = V1 + "/backfill/";
  private static final String NEAREST = V1 + "/timestamp_to_event/";
  private static final int MESSAGES = 8;

  @TempDir private Path folder;
  private final RoomFixture room = RoomFixture.empty(RoomVersions.V12);
  private final List<Pdu> messages = new ArrayList<>();
  private SignedPeer peer;
  private FederatedServer server;
  private TestClient alice;
  private UserId carol;
  private @Nullable Pdu join;

  @BeforeEach
  void start() throws IOException {
    peer = SignedPeer.start(Files.createDirectories(folder.resolve("peer")));
    server = new FederatedServer(folder.resolve("data"), peer.settings());
    alice = server.register("alice");
    carol = UserId.parse("@carol:" + peer.name());
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    peer.close();
  }

  private Pdu join() {
    return Objects.requireNonNull(join);
  }

  /// Carol's room, in which she has said something before Alice came.
  private void room(String visibility) {
    begin(visibility);
    speak();
    enter();
  }

  private void begin(String visibility) {
    room.state(carol, EventTypes.CREATE, "", "{\"room_version\":\"12\"}").add();
    room.join(carol).add();
    room.state(carol, EventTypes.JOIN_RULES, "", "{\"join_rule\":\"public\"}").add();
    room.state(
            carol,
            EventTypes.HISTORY_VISIBILITY,
            "",
            "{\"history_visibility\":\"%s\"}".formatted(visibility))
        .add();
  }

  private void speak() {
    for (int i = 0; i < MESSAGES; i++) {
      messages.add(
          room.message(carol, EventTypes.MESSAGE, "{\"body\":\"message %d\"}".formatted(i)).add());
    }
  }

  private void enter() {
    join = server.join(room, "@alice:hearth.test");
    serve(V1 + "/event/", target -> List.of(named(target)));
    peer.on(V1 + "/state_ids/", asked -> Said.ok(stateIds(asked.target())));
  }

  private interface Choice {
    Collection<Pdu> of(String target);
  }

  private void serve(String prefix, Choice choice) {
    peer.on(prefix, asked -> new Said(200, transaction(choice.of(asked.target()))));
  }

  private static String transaction(Collection<Pdu> events) {
    ObjectNode transaction = JsonNodeFactory.instance.objectNode();
    transaction.put("origin_server_ts", 1);
    ArrayNode pdus = transaction.putArray("pdus");
    events.forEach(each -> pdus.add(each.json()));
    return transaction.toString();
  }

  /// The event whose id is at the end of a target.
  private Pdu named(String target) {
    return room.events().stream()
        .filter(each -> target.endsWith(TestClient.encoded(each.eventId().value())))
        .findFirst()
        .orElseThrow();
  }

  private String stateIds(String target) {
    Pdu at = named(target);
    ObjectNode ids = JsonNodeFactory.instance.objectNode();
    ArrayNode state = ids.putArray("pdu_ids");
    ids.putArray("auth_chain_ids");
    List<Pdu> previous =
        room.events().stream().filter(each -> at.prevEvents().contains(each.eventId())).toList();
    room.stateBefore(previous).values().forEach(each -> state.add(each.eventId().value()));
    return ids.toString();
  }

  /// All that was before Alice came.
  private List<Pdu> before() {
    return List.copyOf(room.events().subList(0, (int) room.number(join()))).reversed();
  }

  private TestClient.Answer page(TestClient who, String from, int limit) {
    return who.get(
        "/_matrix/client/v3/rooms/%s/messages?dir=b&limit=%d%s"
            .formatted(
                TestClient.encoded(room.roomId().value()),
                limit,
                from.isEmpty() ? "" : "&from=" + TestClient.encoded(from)));
  }

  private List<String> said(TestClient.Answer answer) {
    List<String> bodies = new ArrayList<>();
    for (JsonNode each : answer.expect(200).at("/chunk")) {
      if (each.path("type").asText().equals(EventTypes.MESSAGE)) {
        bodies.add(each.at("/content/body").asText());
      }
    }
    return bodies;
  }

  private List<String> allSaid() {
    return messages.reversed().stream().map(each -> each.content().path("body").asText()).toList();
  }

  private boolean isHere(EventId event) {
    return server.rooms().event(event).isPresent();
  }

  @Test
  void whoReadsOnGetsWhatOtherServersHave() {
    room("shared");
    serve(BACKFILL, _ -> before());

    TestClient.Answer page = page(alice, "", 50);

    assertThat(said(page)).isEqualTo(allSaid());
    assertThat(peer.asked(BACKFILL))
        .singleElement()
        .satisfies(each -> assertThat(each.target()).contains("limit=50"));
    assertThat(peer.asked(V1 + "/state")).as("its create event came along").isEmpty();
    assertThat(server.rooms().missingPrevious(room.roomId())).isEmpty();
    assertThat(page(alice, page.text("end"), 50).expect(200).at("/end").isMissingNode()).isTrue();
    assertThat(peer.asked(BACKFILL)).hasSize(1);
  }

  @Test
  void aPageThatDoesNotComeToTheEndAsksNobody() {
    room("shared");
    serve(BACKFILL, _ -> before());

    page(alice, "", 1).expect(200);

    assertThat(peer.asked(BACKFILL)).isEmpty();
  }

  @Test
  void historyGoesOnFromPartToPart() {
    room("shared");
    serve(
        BACKFILL,
        target ->
            before().stream()
                .dropWhile(each -> !target.contains(TestClient.encoded(each.eventId().value())))
                .limit(3)
                .toList());

    List<String> all = new ArrayList<>();
    String from = "";
    do {
      TestClient.Answer page = page(alice, from, 50);
      all.addAll(said(page));
      from = page.json().path("end").asText("");
    } while (!from.isEmpty());

    assertThat(all).isEqualTo(allSaid());
    assertThat(peer.asked(V1 + "/state_ids/"))
        .as("the state before the first event of each part but the last")
        .hasSizeGreaterThan(1);
  }

  @Test
  void whatWasAskedInVainIsNotAskedAgainForAWhile() {
    room("shared");

    assertThat(said(page(alice, "", 50))).isEmpty();
    assertThat(said(page(alice, "", 50))).isEmpty();

    assertThat(peer.asked(BACKFILL)).hasSize(1);
  }

  /// Rows 4 and 7: what comes this way is checked like all else.
  @Test
  void anEventThatIsForgedCostsOnlyItself() {
    room("shared");
    Pdu good = messages.get(4);
    ObjectNode json = good.json().deepCopy();
    ((ObjectNode) json.path("signatures").path(peer.name().value())).put("ed25519:test", "AAAA");
    Pdu forged = Pdu.parse(json, room.version());
    serve(BACKFILL, _ -> before().stream().map(each -> each.equals(good) ? forged : each).toList());

    List<String> said = said(page(alice, "", 50));

    assertThat(said).contains("message 7", "message 5", "message 0").doesNotContain("message 4");
    assertThat(isHere(good.eventId())).isFalse();
  }

  /// Row 36: events of another room do not come in by this one.
  @Test
  void anEventOfAnotherRoomIsNotTaken() {
    room("shared");
    RoomFixture other = RoomFixture.empty(RoomVersions.V12);
    other.state(carol, EventTypes.CREATE, "", "{\"room_version\":\"12\",\"n\":1}").add();
    Pdu foreign = other.join(carol).add();
    serve(
        BACKFILL,
        _ -> {
          List<Pdu> all = new ArrayList<>(before());
          all.add(1, foreign);
          return all;
        });

    assertThat(said(page(alice, "", 50))).isEqualTo(allSaid());
    assertThat(isHere(foreign.eventId())).isFalse();
  }

  /// Else nobody would be told of it when it comes.
  @Test
  void whatIsNotBeforeWhatIsHereIsNoHistory() {
    room("shared");
    Pdu later = room.message(carol, EventTypes.MESSAGE, "{\"body\":\"later\"}").add();
    serve(
        BACKFILL,
        _ -> {
          List<Pdu> all = new ArrayList<>(before());
          all.add(0, later);
          return all;
        });

    assertThat(said(page(alice, "", 50))).isEqualTo(allSaid());
    assertThat(isHere(later.eventId())).isFalse();
  }

  /// How deep an event is says its maker: what nothing leads to is made up.
  @Test
  void whatNothingLeadsToIsNoHistory() {
    room("shared");
    Pdu madeUp =
        room.message(carol, EventTypes.MESSAGE, "{\"body\":\"made up\"}")
            .after(messages.get(2))
            .bend(json -> json.put("depth", 1))
            .build();
    serve(
        BACKFILL,
        _ -> {
          List<Pdu> all = new ArrayList<>(before());
          all.add(madeUp);
          return all;
        });

    assertThat(said(page(alice, "", 50))).isEqualTo(allSaid());
    assertThat(isHere(madeUp.eventId())).isFalse();
  }

  /// Row 33: what has come is shown to whom the room lets see it.
  @Test
  void whoWasNotInTheRoomThenDoesNotSeeWhatCame() {
    room("joined");
    serve(BACKFILL, _ -> before());

    assertThat(said(page(alice, "", 50))).isEmpty();

    EventId first = messages.getFirst().eventId();
    assertThat(isHere(first)).isTrue();
    String path = "/_matrix/client/v3/rooms/" + TestClient.encoded(room.roomId().value());
    alice.get(path + "/event/" + TestClient.encoded(first.value())).expect(404, "M_NOT_FOUND");
    alice.get(path + "/context/" + TestClient.encoded(first.value())).expect(404, "M_NOT_FOUND");
  }

  @Test
  void whoIsNotInTheRoomHasNothingFetched() {
    room("world_readable");
    serve(BACKFILL, _ -> before());
    TestClient bob = server.register("bob");

    page(bob, "", 50).expect(200);

    assertThat(peer.asked(BACKFILL)).isEmpty();
  }

  @Test
  void nobodyWaitsLongForASlowServerAndItsAnswerIsThereLater() throws Exception {
    room("shared");
    CountDownLatch answering = new CountDownLatch(1);
    peer.on(
        BACKFILL,
        _ -> {
          answering.await();
          return new Said(200, transaction(before()));
        });

    long begun = System.nanoTime();
    TestClient.Answer first = page(alice, "", 50);
    assertThat(said(first)).isEmpty();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(30));
    TestClient.Answer empty = page(alice, first.text("end"), 50);
    assertThat(empty.expect(200).at("/chunk")).isEmpty();
    String goOn = empty.text("end");
    answering.countDown();

    assertThat(said(page(alice, goOn, 50))).isEqualTo(allSaid());
    assertThat(peer.asked(BACKFILL)).hasSize(1);
  }

  @Test
  void oneQuestionServesAllWhoAsk() throws Exception {
    room("shared");
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answering = new CountDownLatch(1);
    peer.on(
        BACKFILL,
        _ -> {
          asked.countDown();
          answering.await();
          return new Said(200, transaction(before()));
        });

    CompletableFuture<List<String>> one =
        CompletableFuture.supplyAsync(() -> said(page(alice, "", 50)));
    assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
    CompletableFuture<List<String>> other =
        CompletableFuture.supplyAsync(() -> said(page(alice, "", 49)));
    answering.countDown();

    assertThat(one.get(30, TimeUnit.SECONDS)).isEqualTo(allSaid());
    assertThat(other.get(30, TimeUnit.SECONDS)).isEqualTo(allSaid());
    assertThat(peer.asked(BACKFILL)).hasSize(1);
  }

  @Test
  void whatIsAroundAnEventIncludesWhatIsFetched() {
    room("shared");
    serve(BACKFILL, _ -> before());

    TestClient.Answer context =
        alice
            .get(
                "/_matrix/client/v3/rooms/%s/context/%s?limit=10"
                    .formatted(
                        TestClient.encoded(room.roomId().value()),
                        TestClient.encoded(join().eventId().value())))
            .expect(200);

    assertThat(context.at("/events_before/0/content/body").asText()).isEqualTo("message 7");
  }

  private TestClient.Answer near(long timestamp, String direction) {
    return alice.get(
        "/_matrix/client/v1/rooms/%s/timestamp_to_event?ts=%d&dir=%s"
            .formatted(TestClient.encoded(room.roomId().value()), timestamp, direction));
  }

  private void tell(Pdu event, long timestamp) {
    peer.on(
        NEAREST,
        _ ->
            Said.ok(
                "{'event_id':'%s','origin_server_ts':%d}".formatted(event.eventId(), timestamp)));
  }

  @Test
  void anEventNearerToAMomentIsFetched() {
    room("shared");
    Pdu wanted = messages.get(3);
    long moment = wanted.originServerTs();
    tell(wanted, moment);

    assertThat(near(moment, "f").expect(200).text("event_id")).isEqualTo(wanted.eventId().value());
    assertThat(near(moment + 1, "b").expect(200).text("event_id"))
        .isEqualTo(wanted.eventId().value());
    assertThat(peer.asked(NEAREST).getFirst().target()).contains("ts=" + moment + "&dir=f");
  }

  @Test
  void whatIsFartherFromTheMomentThanSaidIsNotTaken() {
    room("shared");
    Pdu wanted = messages.get(3);
    long moment = wanted.originServerTs() + 1;
    tell(wanted, moment);

    assertThat(near(moment, "f").expect(200).text("event_id")).isEqualTo(join().eventId().value());
    assertThat(isHere(wanted.eventId())).isFalse();
  }

  @Test
  void anEventThatCameAfterIsNotHistoryWhateverItsTime() {
    room("shared");
    long moment = messages.get(3).originServerTs();
    Pdu later =
        room.message(carol, EventTypes.MESSAGE, "{\"body\":\"backdated\"}").at(moment).add();
    tell(later, moment);

    assertThat(near(moment, "f").expect(200).text("event_id")).isEqualTo(join().eventId().value());
    assertThat(isHere(later.eventId())).isFalse();
  }

  /// Mallory has lost the power to redact; what he makes up of the time when he had it changes
  /// nothing that is live.
  @Test
  void nobodyRedactsByMadeUpHistory() {
    begin("shared");
    UserId mallory = UserId.parse("@mallory:" + peer.name());
    room.join(mallory).add();
    room.powerLevels(carol, "{\"users\":{\"%s\":50}}".formatted(mallory)).add();
    speak();
    room.powerLevels(carol, "{}").add();
    enter();
    EventId target =
        EventId.parse(
            alice
                .put(
                    "/_matrix/client/v3/rooms/%s/send/m.room.message/1"
                        .formatted(TestClient.encoded(room.roomId().value())),
                    "{'msgtype':'m.text','body':'mine'}")
                .expect(200)
                .text("event_id"));
    Pdu redaction =
        room.message(mallory, EventTypes.REDACTION, "{\"redacts\":\"%s\"}".formatted(target))
            .after(messages.get(3))
            .at(messages.get(3).originServerTs() + 1)
            .add();
    tell(redaction, redaction.originServerTs());

    near(redaction.originServerTs(), "f").expect(200);

    assertThat(peer.asked(V1 + "/event/")).as("it was fetched").isNotEmpty();
    assertThat(server.known(target).redactedBecause()).isNull();
    assertThat(isHere(redaction.eventId())).isFalse();
  }

  /// A peer may name a hundred thousand events that there are not.
  @Test
  void whatAStateNamesIsLookedUpTogether() throws Exception {
    room("shared");
    peer.on(
        V1 + "/state_ids/",
        asked -> {
          ObjectNode ids = MatrixJson.restoreObject(stateIds(asked.target()).getBytes(UTF_8));
          for (int i = 0; i < 5_000; i++) {
            ids.withArray("auth_chain_ids").add("$%043d".formatted(i));
          }
          return Said.ok(ids.toString());
        });
    AtomicInteger asked = new AtomicInteger();
    RoomQueries counted =
        (RoomQueries)
            Proxy.newProxyInstance(
                RoomQueries.class.getClassLoader(),
                new Class<?>[] {RoomQueries.class},
                (_, method, arguments) -> {
                  asked.incrementAndGet();
                  return method.invoke(server.rooms(), arguments);
                });
    HistoryIntake intake = intake(counted);

    take(intake, Duration.ofMinutes(1));

    assertThat(peer.asked(V1 + "/state_ids/")).isNotEmpty();
    assertThat(asked).hasValueBetween(1, 100);
  }

  private HistoryIntake intake(RoomQueries rooms) {
    return new HistoryIntake(rooms, server.box(RoomServer.class).client("test"), events());
  }

  private PeerEvents events() {
    return new PeerEvents(
        server.box(FederationClient.class), server.box(ServerKeyService.class).queries()::keys);
  }

  /// Has the last message taken in.
  private boolean take(HistoryIntake intake, Duration time) throws InterruptedException {
    CheckedEvents given =
        events().check(room.roomId(), RoomVersions.V12, List.of(messages.getLast().json()));
    assertThat(given.events()).hasSize(1);
    return intake.take(
        peer.name(), room.roomId(), RoomVersions.V12, given, System.nanoTime() + time.toNanos());
  }

  /// Each of dozens of questions may take a minute: a server that is slow on purpose does not use
  /// up a place for hours.
  @Test
  void whenTheTimeIsOverNothingMoreIsAsked() throws Exception {
    room("shared");
    HistoryIntake intake = intake(server.rooms());

    assertThat(take(intake, Duration.ofNanos(-1))).isFalse();
    assertThat(peer.asked(V1 + "/state")).isEmpty();

    assertThat(take(intake, Duration.ofMinutes(1))).isTrue();
  }
}
