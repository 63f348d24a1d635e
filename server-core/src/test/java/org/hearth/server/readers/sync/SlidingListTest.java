package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SlidingClient.list;
import static org.hearth.server.readers.sync.SlidingClient.room;
import static org.hearth.server.readers.sync.SlidingClient.rooms;
import static org.hearth.server.readers.sync.SlidingClient.said;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;

/// Which rooms a sliding window tells of, and what of each.
class SlidingListTest extends OneSyncServer {
  private static SlidingClient client(String user) {
    return new SlidingClient(server.http(user));
  }

  private static List<String> ids(RoomId... rooms) {
    List<String> ids = new ArrayList<>();
    for (RoomId each : rooms) {
      ids.add(each.value());
    }
    return ids;
  }

  private static int count(JsonNode answer) {
    return answer.at("/lists/all/count").asInt();
  }

  @Test
  void theFirstWindowHasTheRoomsInWhichSomethingHappenedLast() {
    RoomId quiet = rooms.open("lista", "shared");
    RoomId middle = rooms.open("lista", "shared");
    RoomId busy = rooms.open("lista", "shared");
    rooms.name(busy, "lista", "Busy");
    rooms.say(middle, "lista", "one");
    rooms.say(busy, "lista", "two");
    rooms.say(quiet, "lista", "three");
    SlidingClient client = client("lista");

    JsonNode answer = client.sync(list(0, 1, 2, "'required_state':[['m.room.create','']]"));

    assertThat(count(answer)).isEqualTo(3);
    assertThat(rooms(answer)).containsExactlyInAnyOrderElementsOf(ids(quiet, busy));
    JsonNode told = room(answer, busy);
    assertThat(told.path("initial").asBoolean()).isTrue();
    assertThat(told.path("name").asText()).isEqualTo("Busy");
    assertThat(told.has("avatar")).isFalse();
    assertThat(said(told.path("timeline"))).containsExactly("m.room.name", "two");
    assertThat(told.path("limited").asBoolean()).isTrue();
    assertThat(told.path("num_live").asInt()).isZero();
    assertThat(told.path("joined_count").asInt()).isEqualTo(1);
    assertThat(told.path("invited_count").asInt()).isZero();
    assertThat(said(told.path("required_state"))).containsExactly("m.room.create");
    assertThat(room(answer, quiet).path("bump_stamp").asLong())
        .isGreaterThan(told.path("bump_stamp").asLong());
  }

  @Test
  void aLargerWindowHasTheRoomsBelowAndTheSameWindowNothing() {
    RoomId third = rooms.open("listb", "shared");
    RoomId second = rooms.open("listb", "shared");
    RoomId first = rooms.open("listb", "shared");
    SlidingClient client = client("listb");
    assertThat(rooms(client.sync(list(0, 0, 1, "")))).isEqualTo(ids(first));

    assertThat(rooms(client.sync(list(0, 0, 1, "")))).isEmpty();
    JsonNode answer = client.sync(list(0, 9, 1, ""));

    assertThat(rooms(answer)).containsExactlyInAnyOrderElementsOf(ids(second, third));
    assertThat(room(answer, second).path("initial").asBoolean()).isTrue();
    assertThat(rooms(client.sync(list(0, 9, 1, "")))).isEmpty();
  }

  @Test
  void aRoomWithNewsComesToTheFrontWithWhatIsNewOnly() {
    RoomId old = rooms.open("listc", "shared");
    RoomId fresh = rooms.open("listc", "shared");
    SlidingClient client = client("listc");
    client.sync(list(0, 9, 5, "'required_state':[['m.room.name','']]"));

    rooms.say(old, "listc", "hello");
    JsonNode answer = client.sync(list(0, 0, 5, "'required_state':[['m.room.name','']]"));

    assertThat(rooms(answer)).isEqualTo(ids(old));
    JsonNode told = room(answer, old);
    assertThat(told.has("initial")).isFalse();
    assertThat(told.has("required_state")).isFalse();
    assertThat(told.has("joined_count")).isFalse();
    assertThat(said(told.path("timeline"))).containsExactly("hello");
    assertThat(told.path("limited").asBoolean()).isFalse();
    assertThat(told.path("num_live").asInt()).isEqualTo(1);
    assertThat(fresh).isNotNull();
  }

  @Test
  void whatHappenedOutsideOfTheWindowIsToldWhenTheRoomComesBack() {
    RoomId one = rooms.open("listd", "shared");
    RoomId other = rooms.open("listd", "shared");
    SlidingClient client = client("listd");
    client.sync(list(0, 9, 5, "'required_state':[['*','*']]"));
    rooms.name(one, "listd", "Missed");
    rooms.say(one, "listd", "missed");
    rooms.say(other, "listd", "seen");
    assertThat(rooms(client.sync(list(0, 0, 5, "'required_state':[['*','*']]"))))
        .isEqualTo(ids(other));
    client.sync(list(0, 0, 5, "'required_state':[['*','*']]"));

    JsonNode told = room(client.sync(list(0, 9, 5, "'required_state':[['*','*']]")), one);

    assertThat(told.has("initial")).isFalse();
    assertThat(told.path("name").asText()).isEqualTo("Missed");
    assertThat(said(told.path("timeline"))).containsExactly("m.room.name", "missed");
    assertThat(said(told.path("required_state"))).containsExactly("m.room.name");
    assertThat(told.path("num_live").asInt()).isZero();
  }

  @Test
  void aSubscriptionTellsOfARoomOutsideOfTheWindow() {
    RoomId below = rooms.open("liste", "shared");
    rooms.open("liste", "shared");
    SlidingClient client = client("liste");
    String both =
        "{'lists':{'all':{'ranges':[[0,0]],'timeline_limit':1}},'room_subscriptions':{'%s':{'timeline_limit':10,'required_state':[['m.room.join_rules','']]}}}"
            .formatted(below);
    JsonNode answer = client.sync(both);

    assertThat(rooms(answer)).hasSize(2);
    assertThat(room(answer, below).path("timeline")).hasSize(5);
    assertThat(room(answer, below).path("limited").asBoolean()).isFalse();
    assertThat(said(room(answer, below).path("required_state")))
        .containsExactly("m.room.join_rules");
  }

  @Test
  void aGreaterLimitSendsTheNewestEventsAgainAtOnce() {
    RoomId room = rooms.open("listf", "shared");
    for (String each : List.of("a", "b", "c", "d")) {
      rooms.say(room, "listf", each);
    }
    SlidingClient client = client("listf");
    JsonNode first = room(client.sync(list(0, 9, 1, "")), room);
    assertThat(said(first.path("timeline"))).containsExactly("d");

    JsonNode expanded = room(client.sync(list(0, 9, 3, ""), 60_000), room);

    assertThat(said(expanded.path("timeline"))).containsExactly("b", "c", "d");
    assertThat(expanded.path("unstable_expanded_timeline").asBoolean()).isTrue();
    assertThat(expanded.path("num_live").asInt()).isZero();
    assertThat(expanded.path("limited").asBoolean()).isTrue();
    // What the client has is not sent again: neither when the limit was less in between …
    client.sync(list(0, 9, 1, ""));
    assertThat(rooms(client.sync(list(0, 9, 3, "")))).isEmpty();
    // … nor when it has seen as much one by one.
    rooms.say(room, "listf", "e");
    client.sync(list(0, 9, 3, ""));
    assertThat(rooms(client.sync(list(0, 9, 4, "")))).isEmpty();
    assertThat(said(room(client.sync(list(0, 9, 50, "")), room).path("timeline")))
        .contains("a", "e");
    assertThat(rooms(client.sync(list(0, 9, 60, "")))).isEmpty();
  }

  @Test
  void moreRequiredStateIsSentAtOnceAndWhatIsThereIsNotSentAgain() {
    RoomId room = rooms.open("listg", "shared");
    rooms.name(room, "listg", "Named");
    SlidingClient client = client("listg");
    client.sync(list(0, 9, 1, "'required_state':[['m.room.name','']]"));

    JsonNode grown =
        client.sync(
            list(0, 9, 1, "'required_state':[['m.room.name',''],['m.room.create','']]"), 60_000);

    assertThat(said(room(grown, room).path("required_state"))).containsExactly("m.room.create");
    assertThat(room(grown, room).has("initial")).isFalse();
    assertThat(
            rooms(
                client.sync(
                    list(0, 9, 1, "'required_state':[['m.room.create',''],['m.room.name','']]"))))
        .isEmpty();
    // What was not wanted for a time may have changed: it is sent when it is wanted again.
    client.sync(list(0, 9, 1, "'required_state':[['m.room.create','']]"));
    JsonNode again =
        client.sync(list(0, 9, 1, "'required_state':[['m.room.create',''],['m.room.name','']]"));
    assertThat(said(room(again, room).path("required_state"))).containsExactly("m.room.name");
  }

  /// So many states are known again; of a room of which another was wanted all is sent.
  @Test
  void whatWasWantedLongAgoIsSentAgain() {
    RoomId room = rooms.open("listk", "shared");
    RoomId other = rooms.open("listk", "shared");
    rooms.name(room, "listk", "Named");
    String wanted = "{'room_subscriptions':{'%s':{'timeline_limit':1,'required_state':[%s]}}}";
    SlidingClient client = client("listk");
    client.sync(wanted.formatted(room, "['m.room.name','']"));
    client.sync(wanted.formatted(other, "['org.test','']"));
    assertThat(rooms(client.sync(wanted.formatted(room, "['m.room.name','']")))).isEmpty();

    for (int i = 0; i < 16; i++) {
      client.sync(wanted.formatted(other, "['org.test','k%d']".formatted(i)));
    }
    JsonNode again = client.sync(wanted.formatted(room, "['m.room.name','']"));

    assertThat(said(room(again, room).path("required_state"))).containsExactly("m.room.name");
    assertThat(room(again, room).has("initial")).isFalse();
    assertThat(rooms(client.sync(wanted.formatted(room, "['m.room.name','']")))).isEmpty();
  }

  @Test
  void membersAreToldOnceAsTimelinesNeedThem() {
    RoomId room = rooms.open("listh", "shared");
    for (String each : List.of("talker", "silent", "late")) {
      rooms.join(room, each);
    }
    rooms.say(room, "talker", "hello");
    SlidingClient client = client("listh");
    String lazy =
        list(0, 9, 1, "'required_state':[['m.room.member','$LAZY'],['m.room.member','$ME']]");

    JsonNode first = room(client.sync(lazy), room);
    assertThat(said(first.path("required_state")))
        .containsExactlyInAnyOrder(
            "m.room.member @listh:hearth.test", "m.room.member @talker:hearth.test");

    // The answer may be lost: then it is told again, else not.
    rooms.say(room, "late", "one");
    JsonNode lost = room(client.ask(lazy, 0).expect(200).json(), room);
    JsonNode came = room(client.sync(lazy), room);
    assertThat(said(lost.path("required_state")))
        .isEqualTo(said(came.path("required_state")))
        .containsExactly("m.room.member @late:hearth.test");
    rooms.say(room, "late", "two");
    rooms.say(room, "talker", "three");
    assertThat(room(client.sync(list(0, 9, 5, lazyState())), room).has("required_state")).isFalse();
    // Without a gap all changes of members are told.
    rooms.rename(room, "silent", "Not silent");
    JsonNode renamed = room(client.sync(list(0, 9, 5, lazyState())), room);
    assertThat(said(renamed.path("required_state")))
        .containsExactly("m.room.member @silent:hearth.test");
  }

  private static String lazyState() {
    return "'required_state':[['m.room.member','$LAZY'],['m.room.member','$ME']]";
  }

  @Test
  void whoLooksForRoomsByFilters() {
    RoomId plain = rooms.open("listi", "shared");
    RoomId encrypted = rooms.open("listi", "shared");
    rooms.set(encrypted, "listi", "m.room.encryption", "", "{'algorithm':'m.megolm.v1.aes-sha2'}");
    RoomId direct = rooms.open("listi", "shared");
    RoomId invited = rooms.create("host", "invite", "shared");
    rooms.invite(invited, "host", "listi");
    rooms.set(plain, "listi", "m.space.child", direct.value(), "{'via':['hearth.test']}");
    rooms.set(plain, "listi", "m.space.child", encrypted.value(), "{}");
    server
        .http("listi")
        .put(
            "/_matrix/client/v3/user/@listi:hearth.test/account_data/m.direct",
            "{'@x:hearth.test':['%s']}".formatted(direct))
        .expect(200);
    server
        .http("listi")
        .put(
            "/_matrix/client/v3/user/@listi:hearth.test/rooms/%s/tags/m.favourite"
                .formatted(encrypted),
            "{}")
        .expect(200);

    assertThat(found("'is_dm':true")).isEqualTo(ids(direct));
    assertThat(found("'is_dm':false")).doesNotContain(direct.value()).hasSize(3);
    assertThat(found("'is_invite':true")).isEqualTo(ids(invited));
    assertThat(found("'is_invite':false,'is_encrypted':false"))
        .containsExactlyInAnyOrderElementsOf(ids(plain, direct));
    assertThat(found("'is_encrypted':true")).isEqualTo(ids(encrypted));
    assertThat(found("'tags':['m.favourite','u.x']")).isEqualTo(ids(encrypted));
    assertThat(found("'tags':['m.favourite'],'not_tags':['m.favourite']")).isEmpty();
    assertThat(found("'not_tags':['m.favourite']")).hasSize(3);
    assertThat(found("'spaces':['%s']".formatted(plain))).isEqualTo(ids(direct));
    assertThat(found("'spaces':['%s','no room']".formatted(invited))).isEmpty();
    assertThat(found("'room_types':['m.space']")).isEmpty();
    assertThat(found("'room_types':[null,'m.space']")).hasSize(4);
    assertThat(found("'room_types':[null],'not_room_types':[null]")).isEmpty();
    assertThat(found("'not_room_types':['m.space']")).hasSize(4);
  }

  private static List<String> found(String filter) {
    SlidingClient client = client("listi");
    JsonNode answer = client.sync(list(0, 9, 0, "'filters':{" + filter + "}"));
    assertThat(count(answer)).isEqualTo(rooms(answer).size());
    return rooms(answer);
  }

  @Test
  void aRoomWithoutANameHasHeroesAndADirectOneSaysSo() {
    RoomId room = rooms.open("listj", "shared");
    rooms.join(room, "hero");
    rooms.rename(room, "hero", "The hero");
    SlidingClient client = client("listj");

    JsonNode told = room(client.sync(list(0, 9, 1, "")), room);
    assertThat(told.at("/heroes/0/user_id").asText()).isEqualTo("@hero:hearth.test");
    assertThat(told.at("/heroes/0/displayname").asText()).isEqualTo("The hero");
    assertThat(told.has("name")).isFalse();
    assertThat(told.has("is_dm")).isFalse();

    rooms.name(room, "listj", "A name");
    server
        .http("listj")
        .put(
            "/_matrix/client/v3/user/@listj:hearth.test/account_data/m.direct",
            "{'@hero:hearth.test':['%s']}".formatted(room))
        .expect(200);
    JsonNode named = room(client.sync(list(0, 9, 1, "")), room);
    assertThat(named.path("name").asText()).isEqualTo("A name");
    assertThat(named.path("is_dm").asBoolean()).isTrue();

    rooms.set(room, "listj", "m.room.name", "", "{}");
    JsonNode unnamed = room(client.sync(list(0, 9, 1, "")), room);
    assertThat(unnamed.path("name").isNull()).isTrue();
    assertThat(unnamed.at("/heroes/0/user_id").asText()).isEqualTo("@hero:hearth.test");
  }

  @Test
  void whoReadsIsToldTheCounts() {
    RoomId room = rooms.open("listk", "shared");
    rooms.join(room, "writer");
    SlidingClient client = client("listk");
    client.sync(list(0, 9, 1, ""));
    var event = rooms.say(room, "writer", "unread");
    assertThat(room(client.sync(list(0, 9, 1, "")), room).path("notification_count").asInt())
        .isEqualTo(1);

    server
        .http("listk")
        .post("/_matrix/client/v3/rooms/%s/receipt/m.read/%s".formatted(room, event.value()), "{}")
        .expect(200);

    JsonNode read = room(client.sync(list(0, 9, 1, ""), 60_000), room);
    assertThat(read.path("notification_count").asInt()).isZero();
    assertThat(read.path("highlight_count").asInt()).isZero();
    assertThat(read.has("timeline")).isFalse();
  }
}
