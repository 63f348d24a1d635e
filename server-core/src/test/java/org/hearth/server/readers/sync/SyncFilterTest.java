package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.events;
import static org.hearth.server.readers.sync.SyncClient.join;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.v2.StoredFilters;
import org.junit.jupiter.api.Test;

/// Filters stored and inline, lazily loaded members, and what tokens may be.
class SyncFilterTest extends OneSyncServer {
  private static final String LAZY = "{'room':{'state':{'lazy_load_members':true}}}";

  private static String filters(String user) {
    return "/_matrix/client/v3/user/@" + user + ":hearth.test/filter";
  }

  @Test
  void aStoredFilterIsFoundAgainAndUsed() {
    RoomId room = rooms.open("a1", "shared");
    TestClient http = server.http("a1");
    String filter = "{'room':{'timeline':{'limit':1}}}";

    String id = http.post(filters("a1"), filter).expect(200).text("filter_id");
    String same = http.post(filters("a1"), filter).expect(200).text("filter_id");

    assertThat(same).isEqualTo(id);
    assertThat(id).doesNotStartWith("{");
    assertThat(http.get(filters("a1") + "/" + id).expect(200).json())
        .isEqualTo(TestRooms.json(filter));
    JsonNode joined = join(server.client("a1").with("filter", id).sync(), room);
    assertThat(events(joined.path("timeline"))).containsExactly("m.room.history_visibility");
  }

  @Test
  void filtersAreRefusedWithTheirErrors() {
    TestClient http = server.http("a2");

    http.post(filters("b2"), "{}").expect(403, "M_FORBIDDEN");
    http.get(filters("b2") + "/x").expect(403, "M_FORBIDDEN");
    http.get(filters("a2") + "/unknown").expect(404, "M_NOT_FOUND");
    http.post(filters("a2"), "{").expect(400, "M_NOT_JSON");
    http.post(filters("a2"), "[]").expect(400, "M_BAD_JSON");
    http.post(filters("a2"), "{'room':[]}").expect(400, "M_BAD_JSON");
    http.post(filters("a2"), "{'x':'" + "y".repeat(20_000) + "'}").expect(413, "M_TOO_LARGE");
    http.get("/_matrix/client/v3/sync?filter=unknown").expect(400, "M_INVALID_PARAM");
    http.get("/_matrix/client/v3/sync?filter=%7B").expect(400, "M_NOT_JSON");
    http.get("/_matrix/client/v3/sync?filter=%7B%22room%22%3A1%7D").expect(400, "M_BAD_JSON");
  }

  @Test
  void otherParametersAreRefusedWithTheirErrors() {
    TestClient http = server.http("a3");

    http.get("/_matrix/client/v3/sync?since=garbage").expect(400, "M_INVALID_PARAM");
    http.get("/_matrix/client/v3/sync?since=s-1").expect(400, "M_INVALID_PARAM");
    http.get("/_matrix/client/v3/sync?timeout=soon").expect(400, "M_INVALID_PARAM");
    http.get("/_matrix/client/v3/sync?timeout=-1").expect(400, "M_INVALID_PARAM");
    http.get("/_matrix/client/v3/sync?full_state=maybe").expect(400, "M_INVALID_PARAM");
    http.get("/_matrix/client/v3/sync?set_presence=asleep").expect(400, "M_INVALID_PARAM");
    http.get("/_matrix/client/v3/sync?set_presence=offline").expect(200);
    http.anonymous().get("/_matrix/client/v3/sync").expect(401, "M_MISSING_TOKEN");
    http.get("/_matrix/client/r0/sync").expect(200);
  }

  @Test
  void aUserKeepsTheNewestFiltersOnly() {
    TestClient http = server.http("a4");
    List<String> ids = new ArrayList<>();
    for (int i = 0; i <= StoredFilters.MOST_FILTERS + 4; i++) {
      ids.add(
          http.post(filters("a4"), "{'room':{'timeline':{'limit':" + i + "}}}")
              .expect(200)
              .text("filter_id"));
    }

    long kept =
        ids.stream().filter(id -> http.get(filters("a4") + "/" + id).status() == 200).count();
    assertThat(kept).isEqualTo(StoredFilters.MOST_FILTERS);
    http.get(filters("a4") + "/" + ids.getLast()).expect(200);
  }

  @Test
  void roomsAreLeftOutByFilter() {
    RoomId wanted = rooms.open("a5", "shared");
    RoomId unwanted = rooms.open("a5", "shared");

    JsonNode not =
        server.client("a5").with("filter", "{'room':{'not_rooms':['" + unwanted + "']}}").sync();
    JsonNode only =
        server.client("a5").with("filter", "{'room':{'rooms':['" + wanted + "']}}").sync();

    assertThat(not.at("/rooms/join").properties())
        .extracting(Map.Entry::getKey)
        .containsExactly(wanted.value());
    assertThat(only.at("/rooms/join").properties())
        .extracting(Map.Entry::getKey)
        .containsExactly(wanted.value());
  }

  @Test
  void eventsHaveOnlyTheFieldsAskedFor() {
    RoomId room = rooms.open("a6", "shared");
    rooms.say(room, "a6", "hello");

    JsonNode events =
        join(
                server
                    .client("a6")
                    .with("filter", "{'event_fields':['type','content.body']}")
                    .sync(),
                room)
            .at("/timeline/events");

    assertThat(events.get(events.size() - 1))
        .isEqualTo(TestRooms.json("{'type':'m.room.message','content':{'body':'hello'}}"));
  }

  @Test
  void eventsComeAsPeersSeeThemIfAskedFor() {
    RoomId room = rooms.open("a7", "shared");

    JsonNode event =
        join(server.client("a7").with("filter", "{'event_format':'federation'}").sync(), room)
            .at("/timeline/events/1");

    assertThat(event.has("auth_events")).isTrue();
    assertThat(event.has("signatures")).isTrue();
    assertThat(event.path("room_id").asText()).isEqualTo(room.value());
  }

  @Test
  void lazyLoadingTellsTheSendersTheHeroesAndOneself() {
    RoomId room = rooms.open("a8", "shared");
    for (int i = 0; i < 12; i++) {
      rooms.join(room, "m8x" + i);
    }
    rooms.join(room, "b8");
    rooms.name(room, "a8", "Named");
    for (int i = 0; i < 10; i++) {
      rooms.say(room, "m8x" + i % 2, "message " + i);
    }
    SyncClient client = server.client("b8").with("filter", LAZY);

    JsonNode first = join(client.sync(), room);

    assertThat(members(first.path("state")))
        .containsExactlyInAnyOrder("@m8x0:hearth.test", "@m8x1:hearth.test", "@b8:hearth.test");
    assertThat(first.path("summary").path("m.joined_member_count").asInt()).isEqualTo(14);
    assertThat(first.path("summary").has("m.heroes")).isFalse();

    rooms.say(room, "m8x0", "again");
    rooms.say(room, "m8x5", "for the first time");
    assertThat(members(join(client.sync(), room).path("state")))
        .containsExactly("@m8x5:hearth.test");

    rooms.say(room, "m8x5", "once more");
    assertThat(members(join(client.sync(), room).path("state"))).isEmpty();
  }

  @Test
  void aMemberToldInALostAnswerIsToldAgain() {
    RoomId room = rooms.open("a9", "shared");
    rooms.join(room, "b9");
    rooms.join(room, "c9");
    // So that c9 is neither in the first timeline nor needed for the room's name.
    rooms.name(room, "a9", "Named");
    for (int i = 0; i < 10; i++) {
      rooms.say(room, "a9", "message " + i);
    }
    SyncClient client = server.client("b9").with("filter", LAZY);
    assertThat(members(join(client.sync(), room).path("state"))).doesNotContain("@c9:hearth.test");
    rooms.say(room, "c9", "hello");

    JsonNode lost = join(client.look(client.since()), room);
    rooms.say(room, "c9", "again");
    JsonNode repeated = join(client.sync(), room);
    rooms.say(room, "c9", "once more");
    JsonNode next = join(client.sync(), room);

    assertThat(members(lost.path("state"))).containsExactly("@c9:hearth.test");
    assertThat(members(repeated.path("state"))).containsExactly("@c9:hearth.test");
    assertThat(members(next.path("state"))).isEmpty();
  }

  @Test
  void redundantMembersAreToldToWhoAsksForThem() {
    RoomId room = rooms.open("a10", "shared");
    rooms.join(room, "b10");
    SyncClient client =
        server
            .client("b10")
            .with(
                "filter",
                "{'room':{'state':{'lazy_load_members':true,'include_redundant_members':true}}}");
    client.sync();
    rooms.say(room, "a10", "one");
    client.sync();
    rooms.say(room, "a10", "two");

    assertThat(members(join(client.sync(), room).path("state")))
        .containsExactly("@a10:hearth.test");
  }

  @Test
  void changesOfMembersInAGapAreToldAlsoWhenLoadingLazily() {
    RoomId room = rooms.open("a11", "shared");
    rooms.join(room, "b11");
    rooms.join(room, "c11");
    SyncClient client =
        server
            .client("b11")
            .with("filter", "{'room':{'state':{'lazy_load_members':true},'timeline':{'limit':2}}}");
    client.sync();
    rooms.rename(room, "c11", "Cecil");
    for (int i = 0; i < 5; i++) {
      rooms.say(room, "a11", "message " + i);
    }

    JsonNode joined = join(client.sync(), room);

    assertThat(joined.at("/timeline/limited").asBoolean()).isTrue();
    assertThat(members(joined.path("state"))).contains("@c11:hearth.test");
  }

  @Test
  void aChangeThatTheFilterKeepsBackIsNoNews() {
    RoomId room = rooms.open("a16", "shared");
    SyncClient client =
        server
            .client("a16")
            .with("filter", "{'room':{'timeline':{'types':[]},'state':{'types':['org.test']}}}");
    client.sync();

    rooms.rename(room, "a16", "Ann");
    assertThat(join(client.sync(), room).isMissingNode()).isTrue();

    rooms.join(room, "b16");
    assertThat(join(client.sync(), room).at("/summary/m.joined_member_count").asInt()).isEqualTo(2);
  }

  @Test
  void aRoomWithoutANameHasHeroes() {
    RoomId room = rooms.open("a12", "shared");
    for (int i = 0; i < 7; i++) {
      rooms.join(room, "m12x" + i);
    }

    JsonNode joined =
        join(
            server
                .client("m12x1")
                .with(
                    "filter",
                    "{'room':{'state':{'lazy_load_members':true},'timeline':{'limit':1}}}")
                .sync(),
            room);

    assertThat(texts(joined.at("/summary/m.heroes")))
        .containsExactly(
            "@a12:hearth.test",
            "@m12x0:hearth.test",
            "@m12x2:hearth.test",
            "@m12x3:hearth.test",
            "@m12x4:hearth.test");
    assertThat(members(joined.path("state")))
        .contains(
            "@a12:hearth.test", "@m12x0:hearth.test", "@m12x1:hearth.test", "@m12x4:hearth.test")
        .doesNotContain("@m12x5:hearth.test");
  }

  @Test
  void aTokenOfAnotherHistoryLeadsToAFreshStart() {
    RoomId room = rooms.open("a13", "shared");
    RoomId left = rooms.open("a13", "shared");
    rooms.join(left, "b13");
    rooms.join(room, "b13");
    rooms.leave(left, "b13");
    SyncClient client = server.client("b13");

    JsonNode future = client.look("s99999999999");
    JsonNode restored = client.look("s1_e7");

    for (JsonNode each : List.of(future, restored)) {
      assertThat(events(join(each, room).path("timeline"))).isNotEmpty();
      assertThat(each.at("/rooms/leave").has(left.value())).isTrue();
    }
  }

  @Test
  void aTokenStaysGoodThroughARestart() {
    RoomId room = rooms.open("a14", "shared");
    SyncClient client = server.client("a14").with("filter", "{'room':{'timeline':{'limit':3}}}");
    client.sync();
    String since = client.since();
    EventId name = rooms.name(room, "a14", "Name");
    rooms.say(room, "a14", "one");
    server.close();
    start();
    rooms.say(room, "a14", "two");

    JsonNode joined = join(server.client("a14").look(since), room);

    assertThat(events(joined.path("timeline"))).containsExactly("m.room.name", "one", "two");
    assertThat(joined.at("/timeline/events/0/event_id").asText()).isEqualTo(name.value());
  }

  @Test
  void aSmallMemoryGivesTheSameAnswersFromTheDatabase() {
    RoomId room = rooms.open("a15", "shared");
    SyncClient client = server.client("a15").with("filter", "{'room':{'timeline':{'limit':50}}}");
    client.sync();
    String since = client.since();
    for (int i = 0; i < 30; i++) {
      rooms.say(room, "a15", "message " + i);
    }
    List<String> fromMemory = events(join(client.look(since), room).path("timeline"));
    server.close();

    List<String> fromDatabase;
    try (SyncServer small = new SyncServer(folder, new ClientSync.Budget(1, 1, 1))) {
      fromDatabase =
          events(
              join(
                      small
                          .client("a15")
                          .with("filter", "{'room':{'timeline':{'limit':50}}}")
                          .look(since),
                      room)
                  .path("timeline"));
    } finally {
      // The others have the usual memory.
      start();
    }

    assertThat(fromDatabase).hasSize(30).isEqualTo(fromMemory);
  }

  private static List<String> members(JsonNode part) {
    return StreamSupport.stream(part.path("events").spliterator(), false)
        .filter(each -> each.path("type").asText().equals("m.room.member"))
        .map(each -> each.path("state_key").asText())
        .toList();
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }
}
