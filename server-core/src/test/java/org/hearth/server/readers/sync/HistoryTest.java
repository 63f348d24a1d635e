package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// History, events, state and members: what they answer, and to whom they do not.
class HistoryTest extends OneSyncServer {
  private static final String V3 = "/_matrix/client/v3/rooms/";

  private static RoomId filled(String creator, int messages) {
    RoomId room = rooms.open(creator, "shared");
    for (int i = 0; i < messages; i++) {
      rooms.say(room, creator, "message " + i);
    }
    return room;
  }

  @ParameterizedTest
  @ValueSource(strings = {"b", "f"})
  void messagesPageThroughAllOfTheHistory(String direction) {
    RoomId room = filled("a1" + direction, 25);
    TestClient http = server.http("a1" + direction);
    List<String> seen = new ArrayList<>();
    String from = "";
    int pages = 0;
    do {
      JsonNode page =
          http.get(V3 + room + "/messages?limit=7&dir=" + direction + from).expect(200).json();
      page.path("chunk").forEach(each -> seen.add(SyncClient.said(each)));
      page.path("chunk")
          .forEach(each -> assertThat(each.path("room_id").asText()).isEqualTo(room.value()));
      assertThat(page.path("start").isTextual()).isTrue();
      assertThat(page.has("state")).isFalse();
      from = page.has("end") ? "&from=" + page.path("end").asText() : "";
      pages++;
    } while (!from.isEmpty());

    List<String> oldestFirst = direction.equals("f") ? seen : seen.reversed();
    assertThat(oldestFirst).hasSize(30).startsWith("m.room.create").endsWith("message 24");
    assertThat(pages).isBetween(5, 6);
  }

  @Test
  void messagesStopAtTheOtherToken() {
    RoomId room = filled("a2", 10);
    TestClient http = server.http("a2");
    JsonNode first = http.get(V3 + room + "/messages?dir=b&limit=3").expect(200).json();
    JsonNode second =
        http.get(V3 + room + "/messages?dir=b&limit=3&from=" + first.path("end").asText())
            .expect(200)
            .json();

    JsonNode between =
        http.get(
                V3
                    + room
                    + "/messages?dir=b&limit=50&from="
                    + first.path("end").asText()
                    + "&to="
                    + second.path("end").asText())
            .expect(200)
            .json();

    assertThat(said(between.path("chunk"))).containsExactly("message 6", "message 5", "message 4");
    JsonNode forwards =
        http.get(V3 + room + "/messages?dir=f&limit=50&from=" + second.path("end").asText())
            .expect(200)
            .json();
    assertThat(said(forwards.path("chunk"))).startsWith("message 4").endsWith("message 9");
  }

  @Test
  void messagesAreFilteredAndBringTheirSenders() {
    RoomId room = filled("a3", 3);
    rooms.join(room, "b3");
    rooms.say(room, "b3", "from b");
    String filter =
        TestClient.encoded(
            "{\"types\":[\"m.room.message\"],\"senders\":[\"@b3:hearth.test\"],"
                + "\"lazy_load_members\":true}");

    JsonNode page =
        server.http("a3").get(V3 + room + "/messages?dir=b&filter=" + filter).expect(200).json();

    assertThat(said(page.path("chunk"))).containsExactly("from b");
    assertThat(said(page.path("state"))).containsExactly("m.room.member @b3:hearth.test");
  }

  @Test
  void messagesAreRefusedWithTheirErrors() {
    RoomId room = filled("a4", 1);
    TestClient http = server.http("a4");

    http.get(V3 + room + "/messages").expect(400, "M_MISSING_PARAM");
    http.get(V3 + room + "/messages?dir=x").expect(400, "M_INVALID_PARAM");
    http.get(V3 + room + "/messages?dir=b&from=x").expect(400, "M_INVALID_PARAM");
    http.get(V3 + room + "/messages?dir=b&limit=x").expect(400, "M_INVALID_PARAM");
    http.get(V3 + room + "/messages?dir=b&filter=x").expect(400, "M_NOT_JSON");
    http.get(V3 + "!unknown:hearth.test/messages?dir=b").expect(403, "M_FORBIDDEN");
    http.get(V3 + "garbage/messages?dir=b").expect(400, "M_INVALID_PARAM");
    server.http("stranger4").get(V3 + room + "/messages?dir=b").expect(403, "M_FORBIDDEN");
  }

  @Test
  void whoHasLeftReadsUpToThen() {
    RoomId room = filled("a5", 1);
    rooms.join(room, "b5");
    EventId then = rooms.name(room, "a5", "then");
    rooms.leave(room, "b5");
    EventId secret = rooms.say(room, "a5", "secret");
    rooms.name(room, "a5", "secret name");
    rooms.join(room, "c5");
    TestClient http = server.http("b5");

    JsonNode back = http.get(V3 + room + "/messages?dir=b&limit=50").expect(200).json();
    assertThat(said(back.path("chunk"))).startsWith("m.room.member @b5:hearth.test", "m.room.name");
    JsonNode forth = http.get(V3 + room + "/messages?dir=f&limit=50").expect(200).json();
    assertThat(said(forth.path("chunk"))).endsWith("m.room.member @b5:hearth.test");
    assertThat(http.get(V3 + room + "/state/m.room.name").expect(200).text("name"))
        .isEqualTo("then");
    assertThat(http.get(V3 + room + "/state").expect(200).json().toString())
        .contains(then.value())
        .doesNotContain("secret", "@c5:");
    assertThat(http.get(V3 + room + "/members").expect(200).json().toString())
        .contains("@b5:hearth.test")
        .doesNotContain("@c5:");
    http.get(V3 + room + "/joined_members").expect(403, "M_FORBIDDEN");
    http.get(V3 + room + "/event/" + encoded(secret)).expect(404, "M_NOT_FOUND");
    http.get(V3 + room + "/context/" + encoded(secret)).expect(404, "M_NOT_FOUND");
    JsonNode context =
        http.get(V3 + room + "/context/" + encoded(then) + "?limit=50").expect(200).json();
    assertThat(context.toString()).doesNotContain("secret");

    rooms.forget(room, "b5");
    http.get(V3 + room + "/messages?dir=b").expect(403, "M_FORBIDDEN");
    http.get(V3 + room + "/state").expect(403, "M_FORBIDDEN");
  }

  /// Whoever invites them again and again must not make each look at the history a long walk.
  @Test
  void aJoinLongAgoIsSoughtAmongSoManyMemberships() {
    RoomId room = rooms.open("a52", "shared");
    EventId before = rooms.say(room, "a52", "before");
    rooms.join(room, "b52");
    rooms.leave(room, "b52");
    inviteAndLeave(room, 490);
    TestClient http = server.http("b52");
    http.get(V3 + room + "/event/" + encoded(before)).expect(200);

    inviteAndLeave(room, 10);
    http.get(V3 + room + "/event/" + encoded(before)).expect(404, "M_NOT_FOUND");
  }

  private static void inviteAndLeave(RoomId room, int times) {
    for (int i = 0; i < times; i++) {
      rooms.invite(room, "a52", "b52");
      rooms.leave(room, "b52");
    }
  }

  @Test
  void strangersReadOnlyWhatIsOpenToAll() {
    RoomId closed = rooms.open("a6", "shared");
    EventId message = rooms.say(closed, "a6", "closed");
    RoomId open = rooms.open("a6", "world_readable");
    EventId visible = rooms.say(open, "a6", "open");
    TestClient stranger = server.http("stranger6");
    TestClient guest = server.http("guest6");

    for (String each :
        List.of(
            "/state", "/state/m.room.create", "/members", "/joined_members", "/messages?dir=b")) {
      stranger.get(V3 + closed + each).expect(403, "M_FORBIDDEN");
      stranger.get(V3 + "!unknown:hearth.test" + each).expect(403, "M_FORBIDDEN");
    }
    stranger.get(V3 + closed + "/event/" + encoded(message)).expect(404, "M_NOT_FOUND");
    stranger.get(V3 + closed + "/context/" + encoded(message)).expect(403, "M_FORBIDDEN");

    for (TestClient each : List.of(stranger, guest)) {
      assertThat(said(each.get(V3 + open + "/messages?dir=b").expect(200).at("/chunk")))
          .startsWith("open");
      assertThat(each.get(V3 + open + "/state").expect(200).json()).hasSize(5);
      each.get(V3 + open + "/state/m.room.create").expect(200);
      each.get(V3 + open + "/event/" + encoded(visible)).expect(200);
    }
    stranger.get(V3 + open + "/members").expect(403, "M_FORBIDDEN");
  }

  @Test
  void oneEventIsFoundInItsRoomOnly() {
    RoomId room = rooms.open("a7", "shared");
    RoomId other = rooms.open("a7", "shared");
    EventId event = rooms.say(room, "a7", "here");
    TestClient http = server.http("a7");

    JsonNode found = http.get(V3 + room + "/event/" + encoded(event)).expect(200).json();

    assertThat(found.path("content").path("body").asText()).isEqualTo("here");
    assertThat(found.path("room_id").asText()).isEqualTo(room.value());
    http.get(V3 + other + "/event/" + encoded(event)).expect(404, "M_NOT_FOUND");
    http.get(V3 + other + "/context/" + encoded(event)).expect(404, "M_NOT_FOUND");
    http.get(V3 + room + "/event/%24unknown").expect(404, "M_NOT_FOUND");
    http.get(V3 + room + "/event/garbage").expect(404, "M_NOT_FOUND");
  }

  @Test
  void whatWasRedactedIsSoOnEveryWay() {
    RoomId room = rooms.open("a8", "shared");
    EventId event = rooms.say(room, "a8", "regrettable");
    EventId next = rooms.say(room, "a8", "next");
    rooms.redact(room, "a8", event);
    TestClient http = server.http("a8");

    for (String each :
        List.of(
            "/event/" + encoded(event),
            "/context/" + encoded(event),
            "/context/" + encoded(next),
            "/messages?dir=b",
            "/messages?dir=f")) {
      assertThat(http.get(V3 + room + each).expect(200).json().toString())
          .doesNotContain("regrettable")
          .contains(event.value());
    }
  }

  @Test
  void contextTellsWhatIsAround() {
    RoomId room = filled("a9", 10);
    TestClient http = server.http("a9");
    JsonNode page = http.get(V3 + room + "/messages?dir=b&limit=6").expect(200).json();
    String event = page.at("/chunk/5/event_id").asText();

    JsonNode context =
        http.get(V3 + room + "/context/" + TestClient.encoded(event) + "?limit=4")
            .expect(200)
            .json();

    assertThat(SyncClient.said(context.path("event"))).isEqualTo("message 4");
    assertThat(said(context.path("events_before"))).containsExactly("message 3", "message 2");
    assertThat(said(context.path("events_after"))).containsExactly("message 5", "message 6");
    assertThat(context.path("state")).hasSize(5);
    JsonNode earlier =
        http.get(V3 + room + "/messages?dir=b&limit=1&from=" + context.path("start").asText())
            .expect(200)
            .json();
    JsonNode later =
        http.get(V3 + room + "/messages?dir=f&limit=1&from=" + context.path("end").asText())
            .expect(200)
            .json();
    assertThat(said(earlier.path("chunk"))).containsExactly("message 1");
    assertThat(said(later.path("chunk"))).containsExactly("message 7");

    JsonNode alone =
        http.get(V3 + room + "/context/" + TestClient.encoded(event) + "?limit=0")
            .expect(200)
            .json();
    assertThat(SyncClient.said(alone.path("event"))).isEqualTo("message 4");
    assertThat(alone.path("events_before")).isEmpty();
    assertThat(alone.path("events_after")).isEmpty();
  }

  @Test
  void stateIsFoundByTypeAndKey() {
    RoomId room = rooms.open("a10", "shared");
    rooms.name(room, "a10", "Name");
    rooms.set(room, "a10", "org.test/odd", "a/key", "{'x':1}");
    TestClient http = server.http("a10");

    assertThat(http.get(V3 + room + "/state/m.room.name").expect(200).json())
        .isEqualTo(TestRooms.json("{'name':'Name'}"));
    assertThat(http.get(V3 + room + "/state/m.room.name/").expect(200).text("name"))
        .isEqualTo("Name");
    assertThat(http.get(V3 + room + "/state/org.test%2Fodd/a%2Fkey").expect(200).at("/x").asInt())
        .isEqualTo(1);
    JsonNode event = http.get(V3 + room + "/state/m.room.name?format=event").expect(200).json();
    assertThat(event.path("sender").asText()).isEqualTo("@a10:hearth.test");
    assertThat(event.path("room_id").asText()).isEqualTo(room.value());
    http.get(V3 + room + "/state/m.room.name?format=other").expect(400, "M_INVALID_PARAM");
    http.get(V3 + room + "/state/m.room.topic").expect(404, "M_NOT_FOUND");
    assertThat(http.get(V3 + room + "/state").expect(200).json()).hasSize(7);
  }

  @Test
  void membersAreFoundByMembershipAndTime() {
    RoomId room = rooms.open("a11", "shared");
    rooms.join(room, "b11");
    SyncClient client = server.client("a11");
    client.sync();
    String then = client.since();
    rooms.leave(room, "b11");
    rooms.invite(room, "a11", "c11");
    TestClient http = server.http("a11");

    assertThat(members(http, room, "")).containsOnlyKeys("@a11", "@b11", "@c11");
    assertThat(members(http, room, "?membership=join")).containsOnlyKeys("@a11");
    assertThat(members(http, room, "?not_membership=leave")).containsOnlyKeys("@a11", "@c11");
    assertThat(members(http, room, "?membership=leave&not_membership=join"))
        .containsOnlyKeys("@b11", "@c11");
    assertThat(members(http, room, "?at=" + then))
        .containsOnlyKeys("@a11", "@b11")
        .containsEntry("@b11", "join");
    http.get(V3 + room + "/members?membership=friend").expect(400, "M_INVALID_PARAM");
    http.get(V3 + room + "/members?at=then").expect(400, "M_INVALID_PARAM");
    server.http("c11").get(V3 + room + "/members").expect(403, "M_FORBIDDEN");
  }

  @Test
  void membersBeforeTheRoomAreThoseThatItBeganWith() {
    RoomId room = rooms.open("a15", "shared");
    SyncClient client = server.client("a15");
    String start = SyncClient.join(client.sync(), room).at("/timeline/prev_batch").asText();
    rooms.join(room, "b15");
    TestClient http = server.http("a15");

    assertThat(members(http, room, "?at=" + start)).containsOnlyKeys("@a15");
    String from = V3 + room + "/messages?limit=2&from=" + start;
    JsonNode later = http.get(from + "&dir=f").expect(200).json();
    assertThat(later.path("chunk")).hasSize(2);
    JsonNode next =
        http.get(V3 + room + "/messages?dir=f&from=" + later.path("end").asText())
            .expect(200)
            .json();
    assertThat(next.path("chunk")).hasSize(4);
    JsonNode earlier = http.get(from + "&dir=b").expect(200).json();
    assertThat(earlier.path("chunk")).isEmpty();
    assertThat(earlier.has("end")).isFalse();
  }

  @Test
  void whatTheRoomBeganWithIsNotToldToWhoMayNotSeeIt() {
    SyncClient client = server.client("a16");
    client.sync();
    String before = client.since();
    RoomId room = rooms.open("a16", "joined");
    rooms.leave(room, "a16");
    assertThat(members(server.http("a16"), room, "?at=" + before)).containsOnlyKeys("@a16");
    server.http("c16").get(V3 + room + "/members?at=" + before).expect(403, "M_FORBIDDEN");
  }

  @Test
  void membersOfATimeOneMayNotSeeAreNotTold() {
    RoomId room = rooms.open("a12", "joined");
    rooms.join(room, "early12");
    SyncClient client = server.client("a12");
    client.sync();
    rooms.leave(room, "early12");
    rooms.join(room, "b12");

    server.http("b12").get(V3 + room + "/members?at=" + client.since()).expect(403, "M_FORBIDDEN");
  }

  @Test
  void joinedMembersAndRoomsAreOfNow() {
    RoomId room = rooms.open("a13", "shared");
    rooms.join(room, "b13");
    rooms.rename(room, "b13", "Bob");
    RoomId left = rooms.open("a13", "shared");
    rooms.join(left, "b13");
    rooms.leave(left, "b13");

    JsonNode joined =
        server.http("a13").get(V3 + room + "/joined_members").expect(200).json().path("joined");

    assertThat(joined.properties())
        .extracting(Map.Entry::getKey)
        .containsExactlyInAnyOrder("@a13:hearth.test", "@b13:hearth.test");
    assertThat(joined.path("@b13:hearth.test").path("display_name").asText()).isEqualTo("Bob");
    assertThat(server.http("b13").get("/_matrix/client/v3/joined_rooms").expect(200).json())
        .isEqualTo(TestRooms.json("{'joined_rooms':['" + room + "']}"));
    server.http("guest13").get("/_matrix/client/v3/joined_rooms").expect(403);
  }

  private static Map<String, String> members(TestClient http, RoomId room, String query) {
    Map<String, String> found = new java.util.TreeMap<>();
    http.get(V3 + room + "/members" + query)
        .expect(200)
        .at("/chunk")
        .forEach(each ->
            found.put(
                each.path("state_key").asText().replace(":hearth.test", ""),
                each.path("content").path("membership").asText()));
    return found;
  }

  private static List<String> said(JsonNode events) {
    return StreamSupport.stream(events.spliterator(), false).map(SyncClient::said).toList();
  }

  private static String encoded(EventId event) {
    return TestClient.encoded(event.value());
  }
}
