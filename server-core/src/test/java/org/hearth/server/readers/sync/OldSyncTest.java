package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The calls from before `/sync`, and those by which a room is looked into from outside.
class OldSyncTest extends OneSyncServer {
  private static final String V3 = "/_matrix/client/v3";
  private static final ExecutorService WAITERS = Executors.newVirtualThreadPerTaskExecutor();

  @AfterAll
  static void end() {
    WAITERS.shutdownNow();
  }

  private static JsonNode events(String user, String parameters) {
    return server.http(user).get(V3 + "/events?" + parameters).expect(200).json();
  }

  private static JsonNode eventsSince(String user, String token) {
    return events(user, "timeout=0&from=" + token);
  }

  private static String now(String user) {
    return events(user, "timeout=0").path("end").asText();
  }

  private static List<String> said(JsonNode chunk) {
    return StreamSupport.stream(chunk.spliterator(), false).map(SyncClient::said).toList();
  }

  private static JsonNode initialSync(String user, String parameters) {
    return server.http(user).get(V3 + "/initialSync?" + parameters).expect(200).json();
  }

  private static JsonNode room(JsonNode initial, RoomId room) {
    return StreamSupport.stream(initial.path("rooms").spliterator(), false)
        .filter(each -> each.path("room_id").asText().equals(room.value()))
        .findAny()
        .orElseThrow(() -> new AssertionError("no " + room + " in " + initial));
  }

  private static RoomId open(String creator) {
    return rooms.open(creator, "shared");
  }

  // --- /events

  @Test
  void theStreamBeginsNowAndGoesOnWhereItEnded() {
    RoomId room = open("e1");
    rooms.say(room, "e1", "before");
    JsonNode first = events("e1", "timeout=0");
    assertThat(first.path("chunk")).isEmpty();
    assertThat(first.path("start")).isEqualTo(first.path("end"));

    rooms.say(room, "e1", "after");

    JsonNode second = eventsSince("e1", first.path("end").asText());
    assertThat(said(second.path("chunk"))).containsExactly("after");
    assertThat(second.at("/chunk/0/room_id").asText()).isEqualTo(room.value());
    assertThat(second.path("start")).isEqualTo(first.path("end"));
    assertThat(eventsSince("e1", second.path("end").asText()).path("chunk")).isEmpty();
  }

  @Test
  void theTokensAreThoseOfSync() {
    RoomId room = open("e2");
    SyncClient client = server.client("e2");
    client.sync();
    rooms.say(room, "e2", "one");

    JsonNode told = eventsSince("e2", client.since());
    rooms.say(room, "e2", "two");

    assertThat(said(told.path("chunk"))).containsExactly("one");
    JsonNode synced = client.look(told.path("end").asText());
    assertThat(SyncClient.events(SyncClient.join(synced, room).path("timeline")))
        .containsExactly("two");
  }

  @Test
  void ofMoreEventsThanAnAnswerHoldsNoneIsLeftOutAndTheOrderIsTheirs() {
    RoomId one = open("e3");
    RoomId two = open("e3");
    String from = now("e3");
    List<String> sent = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      sent.add("message " + i);
      rooms.say(i % 3 == 0 ? two : one, "e3", "message " + i);
    }

    List<String> told = new ArrayList<>();
    int answers = 0;
    while (told.size() < sent.size() && answers++ < 10) {
      JsonNode answer = events("e3", "timeout=0&limit=3&from=" + from);
      assertThat(answer.path("chunk").size()).isLessThanOrEqualTo(3);
      told.addAll(said(answer.path("chunk")));
      from = answer.path("end").asText();
    }

    assertThat(told).isEqualTo(sent);
  }

  @Test
  void whoComesAndGoesIsToldWhatItSawAndNoMore() {
    RoomId room = open("e4");
    rooms.join(room, "e4guest");
    String from = now("e4guest");

    rooms.say(room, "e4", "while in");
    rooms.leave(room, "e4guest");
    rooms.say(room, "e4", "after");

    assertThat(said(eventsSince("e4guest", from).path("chunk")))
        .containsExactly("while in", "m.room.member @e4guest:hearth.test");
  }

  @Test
  void anInvitationIsToldByItsEvent() {
    RoomId room = rooms.create("e5", "invite", "shared");
    String from = now("e5guest");

    EventId invite = rooms.invite(room, "e5", "e5guest");

    JsonNode chunk = eventsSince("e5guest", from).path("chunk");
    assertThat(chunk).hasSize(1);
    assertThat(chunk.get(0).path("event_id").asText()).isEqualTo(invite.value());
    assertThat(chunk.get(0).at("/content/membership").asText()).isEqualTo("invite");
  }

  @Test
  void typingReceiptsAndAccountDataAreInTheStreamWithTheirRoom() {
    RoomId room = open("e6");
    EventId event = rooms.say(room, "e6", "read this");
    String from = now("e6");
    TestClient http = server.http("e6");
    String user = V3 + "/user/@e6:hearth.test";
    http.put(user + "/account_data/org.test", "{'x':1}").expect(200);
    http.put(user + "/rooms/" + room + "/account_data/org.room", "{'y':2}").expect(200);
    String receipt = "/receipt/m.read/" + TestClient.encoded(event.value());
    http.post(V3 + "/rooms/" + room + receipt, "{}").expect(200);
    http.put(V3 + "/rooms/" + room + "/typing/@e6:hearth.test", "{'typing':true,'timeout':30000}")
        .expect(200);

    JsonNode told = eventsSince("e6", from);

    assertThat(said(told.path("chunk")))
        .containsExactlyInAnyOrder("org.test", "org.room", "m.receipt", "m.typing");
    for (JsonNode each : told.path("chunk")) {
      boolean ofRoom = !each.path("type").asText().equals("org.test");
      assertThat(each.path("room_id").asText("")).isEqualTo(ofRoom ? room.value() : "");
    }
    assertThat(eventsSince("e6", told.path("end").asText()).path("chunk")).isEmpty();
  }

  @Test
  void messagesOfAnIgnoredUserAreNotInTheStream() {
    RoomId room = open("e7");
    rooms.join(room, "e7bad");
    server
        .http("e7")
        .put(
            V3 + "/user/@e7:hearth.test/account_data/m.ignored_user_list",
            "{'ignored_users':{'@e7bad:hearth.test':{}}}")
        .expect(200);
    String from = now("e7");

    rooms.say(room, "e7bad", "noise");
    rooms.say(room, "e7", "heard");

    assertThat(said(eventsSince("e7", from).path("chunk"))).containsExactly("heard");
  }

  @Test
  void aMessageWakesWhoWaits() throws Exception {
    RoomId room = open("e8");
    String from = now("e8");
    Future<JsonNode> waiting = waiting("e8", "timeout=60000&from=" + from);

    rooms.say(room, "e8", "wake up");

    assertThat(said(waiting.get(60, TimeUnit.SECONDS).path("chunk"))).containsExactly("wake up");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "timeout=hello",
        "timeout=-1",
        "limit=hello",
        "limit=-2",
        "limit=0",
        "from=nonsense",
        "from=s99999999",
        "from=s1_e7",
        "room_id=nonsense"
      })
  void whatIsNoQuestionIsRefused(String parameters) {
    server.http("e9").get(V3 + "/events?" + parameters).expect(400, "M_INVALID_PARAM");
  }

  // --- /events of one room

  @ParameterizedTest
  @ValueSource(strings = {"guest1", "e10"})
  void aRoomThatEverybodyMayReadIsFollowedFromOutside(String user) throws Exception {
    RoomId room = rooms.open("e10owner" + user, "world_readable");
    rooms.say(room, "e10owner" + user, "before");
    String from =
        server
            .http(user)
            .get(V3 + "/rooms/" + room + "/initialSync")
            .expect(200)
            .at("/messages/end")
            .asText();
    Future<JsonNode> waiting = waiting(user, "timeout=60000&room_id=" + room + "&from=" + from);

    rooms.say(room, "e10owner" + user, "live");

    JsonNode told = waiting.get(60, TimeUnit.SECONDS);
    assertThat(said(told.path("chunk"))).containsExactly("live");
    JsonNode more =
        events(user, "timeout=0&room_id=" + room + "&from=" + told.path("end").asText());
    assertThat(more.path("chunk")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"shared", "invited", "joined"})
  void aRoomThatIsNotForEverybodyIsNotFollowed(String visibility) {
    RoomId room = rooms.open("e11", visibility);

    server
        .http("e11stranger")
        .get(V3 + "/events?timeout=0&room_id=" + room)
        .expect(403, "M_FORBIDDEN");
  }

  @Test
  void nothingOfTheTimeWhenARoomWasClosedIsToldOutside() {
    RoomId room = rooms.open("e12", "world_readable");
    String from = now("e12");
    visibility(room, "e12", "joined");
    rooms.say(room, "e12", "secret");
    visibility(room, "e12", "world_readable");
    rooms.say(room, "e12", "public");

    JsonNode told = events("e12stranger", "timeout=0&room_id=" + room + "&from=" + from);

    assertThat(said(told.path("chunk")))
        .containsExactly("m.room.history_visibility", "m.room.history_visibility", "public");
  }

  @Test
  void aRoomOfOnesOwnIsToldAloneIfItIsNamed() {
    RoomId room = open("e13");
    RoomId other = open("e13");
    String from = now("e13");
    rooms.say(other, "e13", "elsewhere");
    rooms.say(room, "e13", "here");
    server
        .http("e13")
        .put(V3 + "/user/@e13:hearth.test/account_data/org.test", "{'x':1}")
        .expect(200);

    JsonNode told = events("e13", "timeout=0&room_id=" + room + "&from=" + from);

    assertThat(said(told.path("chunk"))).containsExactly("here");
  }

  @Test
  void aGuestNamesTheRoomThatIsFollowed() {
    server.http("guest3").get(V3 + "/events?timeout=0").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
  }

  @Test
  void whoTypesAndWhoHasReadIsToldOutsideOfARoomThatEverybodyMayRead() throws Exception {
    RoomId room = rooms.open("e15", "world_readable");
    EventId event = rooms.say(room, "e15", "read this");
    String from = events("guest4", "timeout=0&room_id=" + room).path("end").asText();
    Future<JsonNode> waiting = waiting("guest4", "timeout=60000&room_id=" + room + "&from=" + from);

    type(room, "e15", true);

    JsonNode typing = waiting.get(60, TimeUnit.SECONDS);
    assertThat(typing.at("/chunk")).hasSize(1);
    assertThat(typing.at("/chunk/0/type").asText()).isEqualTo("m.typing");
    assertThat(typing.at("/chunk/0/room_id").asText()).isEqualTo(room.value());
    assertThat(typing.at("/chunk/0/content/user_ids/0").asText()).isEqualTo("@e15:hearth.test");
    from = typing.path("end").asText();
    assertThat(peeked("guest4", room, from)).as("told once").isEmpty();

    waiting = waiting("guest4", "timeout=60000&room_id=" + room + "&from=" + from);
    read(room, "e15", event);
    JsonNode receipt = waiting.get(60, TimeUnit.SECONDS);
    assertThat(receipt.at("/chunk/0/content").path(event.value()).has("m.read")).isTrue();
    assertThat(receipt.at("/chunk/0/room_id").asText()).isEqualTo(room.value());
    from = receipt.path("end").asText();
    type(room, "e15", false);

    JsonNode stopped = peeked("guest4", room, from);
    assertThat(stopped).hasSize(1);
    assertThat(stopped.at("/0/content/user_ids")).isEmpty();
    assertThat(stopped.at("/0/content/user_ids").isArray()).isTrue();
  }

  @Test
  void noReceiptOfTheTimeWhenARoomWasClosedIsToldOutside() {
    RoomId room = rooms.open("e16", "world_readable");
    rooms.join(room, "e16other");
    EventId event = rooms.say(room, "e16", "read this");
    String from = now("e16");
    visibility(room, "e16", "joined");
    read(room, "e16", event);
    visibility(room, "e16", "world_readable");
    read(room, "e16other", event);

    JsonNode receipts = peeked("e16stranger", room, from);

    assertThat(receipts.findValues("@e16other:hearth.test")).hasSize(1);
    assertThat(receipts.findValues("@e16:hearth.test")).isEmpty();
  }

  private static JsonNode peeked(String user, RoomId room, String from) {
    return events(user, "timeout=0&room_id=" + room + "&from=" + from).path("chunk");
  }

  private static void type(RoomId room, String user, boolean typing) {
    server
        .http(user)
        .put(
            V3 + "/rooms/%s/typing/@%s:hearth.test".formatted(room, user),
            "{'typing': %s, 'timeout': 60000}".formatted(typing))
        .expect(200);
  }

  private static void read(RoomId room, String user, EventId event) {
    server
        .http(user)
        .post(V3 + "/rooms/" + room + "/receipt/m.read/" + TestClient.encoded(event.value()), "{}")
        .expect(200);
  }

  private static void visibility(RoomId room, String user, String visibility) {
    rooms.set(
        room, user, "m.room.history_visibility", "", "{'history_visibility':'" + visibility + "'}");
  }

  // --- /events/{eventId}

  @Test
  void oneEventIsReadByItsIdByWhoMaySeeIt() {
    RoomId room = open("e14");
    EventId event = rooms.say(room, "e14", "this one");
    String target = V3 + "/events/" + TestClient.encoded(event.value());

    JsonNode read = server.http("e14").get(target).expect(200).json();

    assertThat(SyncClient.said(read)).isEqualTo("this one");
    assertThat(read.path("room_id").asText()).isEqualTo(room.value());
    server.http("e14stranger").get(target).expect(404, "M_NOT_FOUND");
    server.http("e14").get(V3 + "/events/$none").expect(404, "M_NOT_FOUND");
  }

  // --- /initialSync

  @Test
  void allRoomsAreToldWithTheirStateAndNewestMessages() {
    RoomId room = open("i1");
    rooms.name(room, "i1", "Named");
    rooms.say(room, "i1", "one");
    EventId two = rooms.say(room, "i1", "two");
    TestClient http = server.http("i1");
    String user = V3 + "/user/@i1:hearth.test";
    http.put(user + "/account_data/org.test", "{'x':1}").expect(200);
    http.put(user + "/rooms/" + room + "/account_data/org.room", "{'y':2}").expect(200);
    http.post(V3 + "/rooms/" + room + "/receipt/m.read/" + TestClient.encoded(two.value()), "{}")
        .expect(200);

    JsonNode initial = initialSync("i1", "limit=1");

    JsonNode told = room(initial, room);
    assertThat(told.path("membership").asText()).isEqualTo("join");
    assertThat(told.path("visibility").asText()).isEqualTo("private");
    assertThat(said(told.at("/messages/chunk"))).containsExactly("two");
    assertThat(said(told.path("state")))
        .contains("m.room.create", "m.room.name", "m.room.member @i1:hearth.test");
    assertThat(said(told.path("account_data"))).containsExactly("org.room");
    assertThat(said(initial.path("account_data"))).containsExactly("org.test");
    assertThat(initial.path("presence").isArray()).isTrue();
    assertThat(initial.at("/receipts/0/room_id").asText()).isEqualTo(room.value());
    assertThat(initial.at("/receipts/0/content").path(two.value()).has("m.read")).isTrue();
    JsonNode before =
        http.get(
                V3
                    + "/rooms/"
                    + room
                    + "/messages?dir=b&from="
                    + told.at("/messages/start").asText())
            .expect(200)
            .json();
    assertThat(said(before.path("chunk"))).startsWith("one", "m.room.name");
    rooms.say(room, "i1", "three");
    assertThat(said(eventsSince("i1", initial.path("end").asText()).path("chunk")))
        .containsExactly("three");
  }

  @Test
  void anInvitationIsToldWithItsEvent() {
    RoomId room = rooms.create("i2", "invite", "shared");
    EventId invite = rooms.invite(room, "i2", "i2guest");

    JsonNode told = room(initialSync("i2guest", ""), room);

    assertThat(told.path("membership").asText()).isEqualTo("invite");
    assertThat(told.at("/invite/event_id").asText()).isEqualTo(invite.value());
    assertThat(told.has("state")).isFalse();
  }

  @Test
  void aRoomThatWasLeftIsToldToWhoAsksAsItWasThen() {
    RoomId room = open("i3");
    rooms.join(room, "i3guest");
    rooms.name(room, "i3", "Then");
    rooms.leave(room, "i3guest");
    rooms.name(room, "i3", "Now");

    assertThat(initialSync("i3guest", "").path("rooms")).isEmpty();
    JsonNode told = room(initialSync("i3guest", "archived=true&limit=2"), room);

    assertThat(told.path("membership").asText()).isEqualTo("leave");
    assertThat(said(told.at("/messages/chunk")))
        .containsExactly("m.room.name", "m.room.member @i3guest:hearth.test");
    assertThat(told.toString()).contains("Then").doesNotContain("Now");
    JsonNode alone =
        server.http("i3guest").get(V3 + "/rooms/" + room + "/initialSync").expect(200).json();
    assertThat(alone.path("membership").asText()).isEqualTo("leave");
    assertThat(alone.toString()).contains("Then").doesNotContain("Now");
    assertThat(alone.path("presence")).isEmpty();
    assertThat(alone.path("receipts")).isEmpty();
  }

  @Test
  void aLimitThatIsNoNumberIsRefused() {
    server.http("i4").get(V3 + "/initialSync?limit=hello").expect(400, "M_INVALID_PARAM");
    server.http("i4").get(V3 + "/initialSync?archived=perhaps").expect(400, "M_INVALID_PARAM");
  }

  // --- /rooms/{roomId}/initialSync

  @Test
  void oneRoomIsToldToWhoIsInIt() {
    RoomId room = open("r1");
    rooms.join(room, "r1other");
    EventId event = rooms.say(room, "r1other", "hello");
    TestClient http = server.http("r1");
    http.post(V3 + "/rooms/" + room + "/receipt/m.read/" + TestClient.encoded(event.value()), "{}")
        .expect(200);

    JsonNode told = http.get(V3 + "/rooms/" + room + "/initialSync?limit=1").expect(200).json();

    assertThat(told.path("room_id").asText()).isEqualTo(room.value());
    assertThat(told.path("membership").asText()).isEqualTo("join");
    assertThat(said(told.at("/messages/chunk"))).containsExactly("hello");
    assertThat(said(told.path("state"))).contains("m.room.member @r1other:hearth.test");
    assertThat(told.at("/receipts/0/content").has(event.value())).isTrue();
    assertThat(told.path("presence").isArray()).isTrue();
  }

  @Test
  void outsideOnlyWhatWasOpenToAllIsTold() {
    RoomId room = open("r2");
    rooms.say(room, "r2", "private");
    visibility(room, "r2", "world_readable");
    rooms.say(room, "r2", "public");

    JsonNode told =
        server.http("guest2").get(V3 + "/rooms/" + room + "/initialSync").expect(200).json();

    assertThat(said(told.at("/messages/chunk")))
        .containsExactly("m.room.history_visibility", "public");
    assertThat(said(told.path("state"))).contains("m.room.create");
    assertThat(told.has("membership")).isFalse();
    assertThat(told.path("visibility").asText()).isEqualTo("private");
  }

  @Test
  void whoMayNotLookInIsToldNothing() {
    RoomId room = open("r3");
    TestClient stranger = server.http("r3stranger");

    stranger.get(V3 + "/rooms/" + room + "/initialSync").expect(403, "M_FORBIDDEN");
    stranger.get(V3 + "/rooms/!none:hearth.test/initialSync").expect(403, "M_FORBIDDEN");
    stranger.get(V3 + "/rooms/nonsense/initialSync").expect(400, "M_INVALID_PARAM");
    rooms.invite(room, "r3", "r3stranger");
    stranger.get(V3 + "/rooms/" + room + "/initialSync").expect(403, "M_FORBIDDEN");
  }

  /// Starts a request and returns when it is registered as waiting.
  private static Future<JsonNode> waiting(String user, String parameters) {
    return server.waiting(WAITERS, user, () -> events(user, parameters));
  }
}
